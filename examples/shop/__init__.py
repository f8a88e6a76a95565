"""A small shop that Sightline watches: a web service, a payment service of its own, and customers."""
