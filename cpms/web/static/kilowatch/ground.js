// The ground under a map: land, borders and places, drawn on a canvas from files of our own, so
// that a map needs no other server. deploy/vendor_map.py makes the files and says their shapes.
(() => {
  const STEPS = 100; // The files' hundredths of a degree.
  const WORLD = 256; // Leaflet's pixels of the world at zoom 0.
  const TOWNS_FROM = 9; // The zoom at which towns are fetched and shown.
  const NAMES_FROM = 4;
  const MOST_NAMES = 140;
  const SQUARE = 18; // Pixels; names keep about so far apart.

  const files = new Map();

  function fetched(url) {
    if (!files.has(url)) files.set(url, fetch(url).then((response) => response.json()));
    return files.get(url);
  }

  const mercatorX = (degrees) => (degrees / 360 + 0.5) * WORLD;
  const mercatorY = (degrees) => {
    const sine = Math.sin((Math.max(-85, Math.min(85, degrees)) * Math.PI) / 180);
    return (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * WORLD;
  };

  // --- What the files hold, in pixels of zoom 0 ---------------------------------------------

  function decoded(arc) {
    const points = [];
    for (let at = 0, x = 0, y = 0; at < arc.length; at += 2) {
      x += arc[at];
      y += arc[at + 1];
      points.push([mercatorX(x / STEPS), mercatorY(y / STEPS)]);
    }
    return points;
  }

  // A ring that crosses the date line goes on beyond the edge of the world; it is drawn again
  // where it enters on the other side.
  function shape(ring, arcs) {
    const path = new Path2D();
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    let last = null;
    for (const index of ring) {
      const points = index < 0 ? [...arcs[~index]].reverse() : arcs[index];
      for (const [raw, y] of points) {
        const x = last === null ? raw : raw - WORLD * Math.round((raw - last) / WORLD);
        if (last === null) path.moveTo(x, y);
        else path.lineTo(x, y);
        last = x;
        box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y);
        box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y);
      }
    }
    path.closePath();
    return { path, box };
  }

  function land(file) {
    const arcs = file.arcs.map(decoded);
    return file.rings.map((ring) => shape(ring, arcs));
  }

  const places = (rows) => rows.map(([name, latitude, longitude]) => (
    { name, x: mercatorX(longitude / STEPS), y: mercatorY(latitude / STEPS) }));

  // --- The layer ----------------------------------------------------------------------------

  const Ground = L.Renderer.extend({
    options: { pane: "tilePane", padding: 0.1, className: "kw-ground" },

    _initContainer() {
      this._container = L.DomUtil.create("canvas", this.options.className);
      this._container.setAttribute("aria-hidden", "true");
      this._drawing = this._container.getContext("2d");
      this._theme = () => { this._readColours(); this._draw(); };
      document.addEventListener("kw:theme", this._theme);
      this._fetch("countries", (file) => { this._land = land(file); });
      this._fetch("cities", (rows) => { this._cities = places(rows); });
    },

    // Asked for while markers come and go, the browser would work out all styles anew.
    _readColours() {
      const css = getComputedStyle(this._map.getContainer());
      const [land, border, names] = ["--map-land", "--map-border", "--map-name"].map((name) => css.getPropertyValue(name));
      this._colours = { land, border, names, font: `12px ${css.fontFamily}` };
    },

    _destroyContainer() {
      document.removeEventListener("kw:theme", this._theme);
      L.DomUtil.remove(this._container);
    },

    _fetch(name, keep) {
      fetched(this.options.files[name]).then((file) => { keep(file); this._draw(); }, () => {});
    },

    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const dense = window.devicePixelRatio || 1;
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = size.x * dense;
      this._container.height = size.y * dense;
      this._container.style.width = `${size.x}px`;
      this._container.style.height = `${size.y}px`;
      if (this._zoom >= TOWNS_FROM && !this._towns) {
        this._towns = [];
        this._fetch("towns", (rows) => { this._towns = places(rows); });
      }
      this._draw();
    },

    _draw() {
      if (!this._bounds || !this._map) return;
      const dense = window.devicePixelRatio || 1;
      const scale = this._map.getZoomScale(this._zoom, 0);
      const origin = this._map.getPixelOrigin().add(this._bounds.min);
      const size = this._bounds.getSize();
      if (!this._colours) this._readColours();
      const view = { scale, origin, size, box: [origin.x, origin.y, origin.x + size.x, origin.y + size.y].map((pixel) => pixel / scale) };
      const pen = this._drawing;
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, this._container.width, this._container.height);
      pen.setTransform(dense * scale, 0, 0, dense * scale, -origin.x * dense, -origin.y * dense);
      this._drawLand(pen, view);
      pen.setTransform(dense, 0, 0, dense, 0, 0);
      if (this._zoom >= NAMES_FROM) this._drawPlaces(pen, view);
    },

    _drawLand(pen, { scale, box }) {
      pen.fillStyle = this._colours.land;
      pen.strokeStyle = this._colours.border;
      pen.lineWidth = 0.8 / scale;
      for (const { path, box: [left, top, right, bottom] } of this._land || []) {
        if (bottom < box[1] || top > box[3]) continue;
        for (const turn of [-WORLD, 0, WORLD]) {
          if (right + turn < box[0] || left + turn > box[2]) continue;
          pen.translate(turn, 0);
          pen.fill(path);
          pen.stroke(path);
          pen.translate(-turn, 0);
        }
      }
    },

    // The largest places first; a name that would touch another is left out.
    _drawPlaces(pen, { scale, origin, size, box }) {
      const taken = new Set();
      let written = 0;
      pen.font = this._colours.font;
      pen.lineWidth = 3;
      pen.lineJoin = "round";
      pen.strokeStyle = this._colours.land;
      pen.fillStyle = this._colours.names;
      for (const place of [...(this._cities || []), ...(this._zoom >= TOWNS_FROM ? this._towns || [] : [])]) {
        if (written >= MOST_NAMES) break;
        if (place.x < box[0] || place.x > box[2] || place.y < box[1] || place.y > box[3]) continue;
        const x = place.x * scale - origin.x;
        const y = place.y * scale - origin.y;
        const right = x + 10 + place.name.length * 6.6;
        if (right > size.x || !claim(taken, x - 4, y - 9, right, y + 9)) continue;
        written += 1;
        pen.beginPath();
        pen.arc(x, y, 2, 0, 7);
        pen.fill();
        pen.strokeText(place.name, x + 6, y + 4);
        pen.fillText(place.name, x + 6, y + 4);
      }
    },
  });

  // Takes the squares of a coarse grid that an area covers, unless one of them is taken.
  function claim(taken, left, top, right, bottom) {
    const squares = [];
    for (let row = Math.floor(top / SQUARE); row <= bottom / SQUARE; row++) {
      for (let column = Math.floor(left / SQUARE); column <= right / SQUARE; column++) {
        const square = row * 4096 + column;
        if (taken.has(square)) return false;
        squares.push(square);
      }
    }
    for (const square of squares) taken.add(square);
    return true;
  }

  // A map in `place`, whose data- attributes name the files and maybe a tile server.
  window.kilowatch.mapIn = (place, options) => {
    const { countries, cities, towns, tiles, attribution, credit } = place.dataset;
    const map = L.map(place, { minZoom: 2, maxZoom: 18, maxBounds: [[-75, -220], [85, 220]], maxBoundsViscosity: 1, worldCopyJump: false, zoomControl: false, attributionControl: false, ...options });
    const thanks = L.control.attribution({ prefix: false }).addTo(map);
    const words = document.createElement("span");
    words.textContent = [tiles ? attribution : "", credit].filter(Boolean).join(" · ");
    thanks.addAttribution(words.outerHTML);
    new Ground({ files: { countries, cities, towns } }).addTo(map);
    if (tiles) L.tileLayer(tiles, { maxZoom: 18 }).addTo(map);
    return map;
  };
})();
