"""All that knows Dagster: assets, checks, jobs, schedules, sensors, partitions, resources, the lake's IO manager.

Asset functions are short: read inputs, call a room, return the frame. Rules live in the rooms.
"""
