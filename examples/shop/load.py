"""
Customers: they look around, fill carts and pay, over real HTTP.

python -m shop.load --url http://127.0.0.1:8000 --rate 30
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import signal
from dataclasses import dataclass, field

import httpx

_SEARCHES = ("", "mug", "lamp", "blue", "chair", "green", "sofa")
_CARDS = ("4242424242424242", "5555555555554444", "4000056655665556", "4000000000000010")


@dataclass(slots=True)
class Crowd:
    """
    A crowd of customers.

    Attributes:
        client: sends their requests.
        requests: how many were answered, by status.
        skus: what is on the shelves.
    """

    client: httpx.AsyncClient
    requests: dict[int, int] = field(default_factory=dict)
    skus: list[str] = field(default_factory=list)

    async def visit(self) -> None:
        """Send one customer in: most only look, some buy, a few are lost."""
        with contextlib.suppress(httpx.TransportError):
            await self._browse()
            errand = random.random()
            if errand < 0.40:
                await self._buy(f"customer-{random.randint(1, 400)}")
            elif errand < 0.48:
                await self._ask("GET", f"/products/{random.choice(('sofa-pink', 'rug-blue', 'mug-gold'))}")
            elif errand < 0.53:
                await self._ask("GET", "/bestsellers")

    async def arrive(self) -> None:
        """Look at all that there is, once."""
        answer = await self._ask("GET", "/products")
        self.skus = [product["sku"] for product in answer.raise_for_status().json()]

    async def _browse(self) -> None:
        await self._ask("GET", "/products", params={"search": random.choice(_SEARCHES)})
        for sku in random.sample(self.skus, 2):
            await self._ask("GET", f"/products/{sku}")

    async def _buy(self, customer: str) -> None:
        taken = await self._ask("POST", "/carts", json={"customer": customer})
        if taken.is_error:
            return
        cart = taken.json()["id"]
        for sku in random.choices(self.skus, k=random.randint(1, 3)):
            await self._ask("POST", f"/carts/{cart}/lines", json={"sku": sku, "quantity": random.randint(1, 4)})
        if random.random() < 0.8:
            await self._ask("POST", f"/carts/{cart}/checkout", json={"credit_card": random.choice(_CARDS)})

    async def _ask(self, method: str, path: str, **more: object) -> httpx.Response:
        answer = await self.client.request(method, path, **more)  # type: ignore[arg-type]
        self.requests[answer.status_code] = self.requests.get(answer.status_code, 0) + 1
        return answer


async def press(url: str, customers_per_second: float) -> dict[int, int]:
    """
    Send customers until SIGTERM or SIGINT, then let those inside finish.

    Returns:
        How many requests were answered, by status.
    """
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as client, asyncio.TaskGroup() as inside:
        crowd = Crowd(client)
        await crowd.arrive()
        while not stop.is_set():
            inside.create_task(crowd.visit())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), random.expovariate(customers_per_second))
    return crowd.requests


def main() -> None:
    """Read the arguments and send customers."""
    parser = argparse.ArgumentParser(description="Send customers to the shop.")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--rate", type=float, default=10.0, help="customers a second; each sends about five requests")
    arguments = parser.parse_args()
    answered = asyncio.run(press(arguments.url, arguments.rate))
    print(", ".join(f"{count} times {status}" for status, count in sorted(answered.items())))


if __name__ == "__main__":
    main()
