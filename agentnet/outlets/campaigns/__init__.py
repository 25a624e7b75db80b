"""Campaigns (活动): named, dated, with the outlets that take part; plans may pay by them."""
