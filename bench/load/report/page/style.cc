#include "bench/load/report/page/style.h"

namespace load {

std::string_view style() {
  return R"css(
:root {
  color-scheme: light dark;
  --ground: #f7f6f2; --surface: #ffffff; --text: #1b2628; --quiet: #566367; --line: #d5d9d8; --grid: #e4e7e6;
  --accent: #12626b; --good: #1c7a3f; --warn: #8a5a05; --bad: #b3261e;
  --t0: #0072b2; --t1: #5f6b70; --t2: #d55e00; --t3: #009e73; --t4: #a8508a; --t5: #8a7400; --t6: #7a4b2a; --t7: #3b3f8f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10181a; --surface: #182325; --text: #e4eaea; --quiet: #9fb0b3; --line: #334245; --grid: #263437;
    --accent: #6cc5cf; --good: #6fd394; --warn: #e6b45c; --bad: #ff9b93;
    --t0: #4db2f0; --t1: #a4b2b6; --t2: #ff9254; --t3: #35cfa2; --t4: #e293c4; --t5: #e3d24b; --t6: #cfa07c; --t7: #a3a8ff;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0 auto; padding: 1.25rem 1rem 3rem; max-width: 80rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .75rem; overflow-wrap: anywhere; }
h1 small { font-size: 1.05rem; font-weight: 400; color: var(--quiet); }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .25rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .5rem 0; }
a { color: var(--accent); }
small { font-size: .8rem; font-weight: 400; color: var(--quiet); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }

dl { display: flex; flex-wrap: wrap; gap: .25rem 2rem; margin: 0; }
dl div { min-width: 0; }
dt { font-size: .8rem; color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.method, .lead { max-width: 62rem; color: var(--quiet); }
.lead { margin-bottom: .9rem; }
.lead strong { color: var(--text); }
.tip { color: var(--text); }

.verdicts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: .75rem; margin: 1rem 0; }
.verdict { background: var(--surface); border: 1px solid var(--line); border-left: 5px solid var(--quiet); border-radius: .5rem;
  padding: .65rem .9rem; overflow-wrap: anywhere; }
.verdict strong { font-size: 1.1rem; }
.verdict p, .verdict ul { margin: .15rem 0 0; font-size: .9rem; }
.verdict.reached { border-left-color: var(--good); } .verdict.reached strong { color: var(--good); }
.verdict.missed { border-left-color: var(--bad); } .verdict.missed strong { color: var(--bad); }
.verdict.warned { border-left-color: var(--warn); } .verdict.warned strong { color: var(--warn); }

nav { display: flex; flex-wrap: wrap; gap: .35rem 1.25rem; border-block: 1px solid var(--line); padding: .5rem 0; }
nav a { text-decoration: none; } nav a:hover { text-decoration: underline; }

.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: .9rem; }
.cards.by-target { grid-template-columns: repeat(auto-fill, minmax(min(10rem + 7rem * var(--targets), 100%), 1fr)); align-items: start; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem .95rem; min-width: 0; }
.card:target { border-color: var(--accent); box-shadow: 0 0 0 2px var(--accent); }
.sub { margin: 0 0 .35rem; font-size: .85rem; color: var(--quiet); overflow-wrap: anywhere; }

svg { display: block; overflow: visible; fill: var(--text); font-size: 12px; }
.t0 { --series: var(--t0); } .t1 { --series: var(--t1); --dash: 7 3; } .t2 { --series: var(--t2); --dash: 2 3; }
.t3 { --series: var(--t3); --dash: 10 3 2 3; } .t4 { --series: var(--t4); --dash: 5 5; } .t5 { --series: var(--t5); --dash: 14 4; }
.t6 { --series: var(--t6); --dash: 3 2 8 2; } .t7 { --series: var(--t7); --dash: 1 4; }
.bars text { font-size: 13.5px; }
.bar { fill: var(--series); fill-opacity: .5; }
.subject .bar { fill-opacity: 1; }
.subject .name, .value { font-weight: 650; }
.subject .value { fill: var(--text); }
.bars .note { fill: var(--quiet); font-size: 12.5px; }
.whisker { stroke: var(--text); stroke-width: 1.5; }
.repetition { fill: var(--surface); stroke: var(--text); stroke-width: 1.5; }
.reference { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 4 3; }
.bars .reference-name { fill: var(--quiet); font-size: 12px; }
.goal-mark .halo { stroke: var(--surface); stroke-width: 5; }
.goal-mark .stem { stroke: var(--text); stroke-width: 2; }
.ratios .tick { fill: var(--quiet); font-size: 11px; }
.ratios text { font-size: 12.5px; paint-order: stroke; stroke: var(--surface); stroke-width: 4px; }
.ratios a text { fill: var(--accent); } .ratios .missed, .bars .missed { fill: var(--bad); }
.even { stroke: var(--text); stroke-width: 1.5; }
.track { stroke: var(--grid); stroke-width: 2; }
.ratio path { fill: var(--series); stroke: var(--surface); stroke-width: 1.25; }
.ratio:hover path { stroke: var(--text); stroke-width: 2; }
.ratio-goal path { stroke: var(--series); stroke-width: 2; fill: none; }
.ratio-goal .tip { stroke: none; fill: var(--series); }
.lines text { fill: var(--quiet); font-size: 11px; }
.grid { stroke: var(--grid); }
.curve { fill: none; stroke: var(--series); stroke-width: 1.75; stroke-dasharray: var(--dash, none); stroke-linejoin: round; }
.curve.subject { stroke-width: 3; }
.landmark { fill: var(--surface); stroke: var(--series); stroke-width: 2; }
.landmark:hover, .repetition:hover { fill: var(--series, var(--text)); stroke-width: 4; }
.spark .curve { stroke-dasharray: none; stroke-width: 1.5; }

ul { list-style: none; padding: 0; margin: .4rem 0 0; }
.goals { font-size: .9rem; }
.reached b { color: var(--good); } .missed b, b.missed { color: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; font-size: .85rem; margin: 0 0 .4rem; }
.legend li { display: flex; align-items: center; gap: .4rem; min-width: 0; overflow-wrap: anywhere; }
.legend svg { flex: none; }

.scroll { overflow-x: auto; background: var(--surface); }
table { border-collapse: collapse; font-size: .9rem; }
.figures { width: 100%; }
#throughput .scroll, #table .scroll { border: 1px solid var(--line); border-radius: .6rem; }
th, td { padding: .3rem .65rem; text-align: right; vertical-align: baseline; white-space: nowrap; }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--surface); font-weight: 400; }
thead th { font-size: .8rem; font-weight: 400; color: var(--quiet); border-bottom: 1px solid var(--line); }
.figures .group th { background: var(--ground); border-top: 1px solid var(--line); font-weight: 650; }
.figures .group span { display: inline-block; position: sticky; left: .65rem; max-width: calc(100vw - 4rem); white-space: normal; }
.subject th, .subject td { font-weight: 650; }
.none { color: var(--quiet); }
#table tbody tr { border-top: 1px solid var(--grid); }
#table th:last-child, #table td:last-child { text-align: left; } #table .goals { margin: 0; }
.slices { width: 100%; }
.slices td, .slices th { padding: .3rem .6rem .3rem 0; vertical-align: middle; }
.slices td { text-align: left; line-height: 1.25; }
.slices thead th { text-align: left; }
.slices tbody tr { border-top: 1px solid var(--grid); }

details { margin: .9rem 0; }
summary { cursor: pointer; color: var(--accent); padding: .25rem 0; }
details .cards { margin-top: .6rem; }
.warned-runs { font-size: .9rem; padding-left: 1.1rem; }

@media print {
  :root { --ground: #fff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  .card, tbody, .verdict { break-inside: avoid; }
  h2, .lead { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";
}

}  // namespace load
