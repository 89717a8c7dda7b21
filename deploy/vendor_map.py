"""The ground of the map, made small: countries of Natural Earth, places of GeoNames.

Both are written as JSON without blanks, coordinates as whole hundredths of a degree:

    map-countries.json  {"arcs": [[x, y, dx, dy, …], …], "rings": [[arc, ~reversed arc, …], …]}
    map-cities.json     [[name, latitude, longitude], …], the largest first; map-towns.json too
"""

import json
from collections.abc import Iterator
from typing import Any

#: Hundredths of a degree: about 1 km, a pixel at zoom 7.
STEPS = 100
#: Degrees by which a simplified line may be off.
TOLERANCE = 0.02
#: Islands smaller than this, in degrees, are left out.
SMALLEST = 0.06
#: Nobody charges there, and the projection can't show it. ISO 3166 numeric.
ANTARCTICA = "010"
CAPITAL = "PPLC"
#: Inhabitants of what is shown from afar, and of what is fetched when one comes near.
CITY = 100_000
TOWN = 15_000

Point = tuple[float, float]


def countries(topology: bytes) -> bytes:
    """Return a TopoJSON's countries with simplified lines, as the map's script reads them."""
    world = json.loads(topology)
    arcs = [simplified(arc) for arc in _arcs(world)]
    rings = [ring for ring in _rings(world) if _size(arcs, ring) >= SMALLEST]
    used = sorted({_place(arc) for ring in rings for arc in ring})
    places = {old: new for new, old in enumerate(used)}
    moved = [[places[a] if a >= 0 else ~places[~a] for a in ring] for ring in rings]
    return _compact({"arcs": [_deltas(arcs[old]) for old in used], "rings": moved})


def _arcs(world: dict[str, Any]) -> Iterator[list[Point]]:
    (kx, ky), (x0, y0) = world["transform"]["scale"], world["transform"]["translate"]
    for arc in world["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * kx + x0, y * ky + y0))
        yield points


def _rings(world: dict[str, Any]) -> Iterator[list[int]]:
    for country in world["objects"]["countries"]["geometries"]:
        if country.get("id") == ANTARCTICA:
            continue
        nested = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        for polygon in nested:
            yield from polygon


def _place(arc: int) -> int:
    return arc if arc >= 0 else ~arc


def _size(arcs: list[list[Point]], ring: list[int]) -> float:
    points = [point for arc in ring for point in arcs[_place(arc)]]
    xs, ys = [x for x, _y in points], [y for _x, y in points]
    return max(max(xs) - min(xs), max(ys) - min(ys))


def simplified(line: list[Point]) -> list[Point]:
    """Return the line with the fewest of its points that keep it within `TOLERANCE`.

    Douglas and Peucker; both ends stay, so that neighbours still meet.
    """
    keep = {0, len(line) - 1}
    todo = [(0, len(line) - 1)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        between = range(first + 1, last)
        off, far = max((_distance(line[i], line[first], line[last]), i) for i in between)
        if off > TOLERANCE:
            keep.add(far)
            todo += [(first, far), (far, last)]
    return [line[i] for i in sorted(keep)]


def _distance(point: Point, start: Point, end: Point) -> float:
    (px, py), (ax, ay), (bx, by) = point, start, end
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    along = max(0.0, min(1.0, ((px - ax) * dx + (py - ay) * dy) / length)) if length else 0.0
    x, y = ax + along * dx - px, ay + along * dy - py
    return float((x * x + y * y) ** 0.5)


def _deltas(line: list[Point]) -> list[int]:
    written: list[int] = []
    x = y = 0
    for px, py in line:
        nx, ny = round(px * STEPS), round(py * STEPS)
        if not written or (nx, ny) != (x, y):
            written += [nx - x, ny - y]
        x, y = nx, ny
    return written


def places(messages: bytes) -> tuple[bytes, bytes]:
    """Return the cities (and capitals) and the towns of the package's protobuf file."""
    found = sorted(_places(messages), key=lambda place: -place[0])
    cities = [row for people, capital, row in found if people >= CITY or capital]
    towns = [row for people, capital, row in found if TOWN <= people < CITY and not capital]
    return _compact(cities), _compact(towns)


def _places(messages: bytes) -> Iterator[tuple[int, bool, list[Any]]]:
    """Yield inhabitants, whether it is a capital, and [name, latitude, longitude]."""
    at = longitude = latitude = 0
    while at < len(messages):
        size, at = _varint(messages, at)
        fields = dict(_fields(messages[at : at + size]))
        at += size
        longitude += _signed(fields[10])
        latitude += _signed(fields[11])
        where = [round(latitude / 1e5 * STEPS), round(longitude / 1e5 * STEPS)]
        name, capital = fields[2].decode(), fields[7] == CAPITAL.encode()
        yield fields.get(9, 0), capital, [name, *where]


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Yield number and value of a message's fields: varints as they are, texts as bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value, at = _varint(message, at)
        if key & 7 == 2:
            yield key >> 3, message[at : at + value]
            at += value
        else:
            yield key >> 3, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _signed(zigzag: int) -> int:
    return (zigzag >> 1) ^ -(zigzag & 1)


def _compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
