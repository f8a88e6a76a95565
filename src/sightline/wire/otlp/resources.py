"""What a request's resources and scopes say, repeated for each record below them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from sightline.wire.otlp.columns import attribute_maps, lookup, parents, repeat
from sightline.wire.room import Room

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Flat:
    """
    A request's records in one array, and where each came from.

    Attributes:
        records: one struct for each record, in the order of the request.
        scopes: structs of the level between resource and record.
        resources: structs of the level above.
        scope_rows: for each record its row in *scopes*.
        resource_rows: for each record its row in *resources*.
        room: for all that is repeated.
    """

    records: pa.StructArray
    scopes: pa.StructArray
    resources: pa.StructArray
    scope_rows: np.ndarray
    resource_rows: np.ndarray
    room: Room = field(default_factory=Room)

    @classmethod
    def of(cls, resources: pa.StructArray, scopes_name: str, records_name: str) -> Flat:
        """Lay flat what ``descriptors.read`` gave, by the names that the signal has for its two lists."""
        scope_lists = resources.field(scopes_name)
        scopes = scope_lists.flatten()
        record_lists = scopes.field(records_name)
        scope_rows = parents(record_lists)
        return cls(record_lists.flatten(), scopes, resources, scope_rows, parents(scope_lists)[scope_rows])

    def keep(self, wanted: np.ndarray) -> Flat:
        """Leave out the records for which *wanted* is false."""
        if wanted.all():
            return self
        return Flat(
            self.records.filter(pa.array(wanted)),
            self.scopes,
            self.resources,
            self.scope_rows[wanted],
            self.resource_rows[wanted],
            self.room,
        )

    def resource_columns(self) -> dict[str, pa.Array]:
        """Give ``ServiceName`` and ``ResourceAttributes`` for each record."""
        maps = attribute_maps(self.resources.field("resource").field("attributes"))
        return {
            "ServiceName": repeat(lookup(maps, "service.name"), self.resource_rows, self.room),
            "ResourceAttributes": repeat(maps, self.resource_rows, self.room),
        }

    def scope_columns(self) -> dict[str, pa.Array]:
        """Give ``ScopeName`` and ``ScopeVersion`` for each record."""
        scope = self.scopes.field("scope")
        return {
            "ScopeName": repeat(scope.field("name"), self.scope_rows, self.room),
            "ScopeVersion": repeat(scope.field("version"), self.scope_rows, self.room),
        }

    def schema_columns(self) -> dict[str, pa.Array]:
        """Give ``ResourceSchemaUrl``, ``ScopeSchemaUrl`` and ``ScopeAttributes``, which the table of logs keeps too."""
        return {
            "ResourceSchemaUrl": repeat(self.resources.field("schema_url"), self.resource_rows, self.room),
            "ScopeSchemaUrl": repeat(self.scopes.field("schema_url"), self.scope_rows, self.room),
            "ScopeAttributes": repeat(
                attribute_maps(self.scopes.field("scope").field("attributes")), self.scope_rows, self.room
            ),
        }
