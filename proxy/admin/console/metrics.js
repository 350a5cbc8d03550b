// The Prometheus text of /metrics as values.

const LINE = /^([a-z_]+)(?:\{(.*)\})? ([^ ]+)/;
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;

function labelsOf(text) {
  const labels = {};
  for (const [, name, value] of (text || "").matchAll(LABEL)) {
    labels[name] = value.replace(/\\(.)/g, (_, letter) => (letter === "n" ? "\n" : letter));
  }
  return labels;
}

export class Metrics {
  constructor(text) {
    this.at = Date.now();
    this.series = new Map();
    for (const line of text.split("\n")) {
      const match = LINE.exec(line);
      if (match) {
        const list = this.series.get(match[1]) || [];
        list.push([labelsOf(match[2]), Number(match[3])]);
        this.series.set(match[1], list);
      }
    }
  }

  /** [labels, value] of every series of a family. */
  all(name) {
    return this.series.get(`countermark_${name}`) || [];
  }

  /** The sum of the series that have these labels. */
  sum(name, wanted = {}) {
    return this.all(name)
      .filter(([labels]) => Object.entries(wanted).every(([key, value]) => labels[key] === value))
      .reduce((total, [, value]) => total + value, 0);
  }

  /** {value of `label`: sum}. */
  by(name, label) {
    const sums = new Map();
    for (const [labels, value] of this.all(name)) {
      sums.set(labels[label], (sums.get(labels[label]) || 0) + value);
    }
    return sums;
  }

  /** The bucket's bound below which `share` of all lie, in seconds; null without any. */
  quantile(name, share) {
    const buckets = this.all(`${name}_bucket`).map(([labels, value]) => [Number(labels.le.replace("+Inf", "Infinity")), value])
      .sort((a, b) => a[0] - b[0]);
    const total = buckets.length > 0 ? buckets[buckets.length - 1][1] : 0;
    const found = buckets.find(([, count]) => count >= total * share);
    return total > 0 && found ? found[0] : null;
  }
}
