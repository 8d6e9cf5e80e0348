/** The looks of a report, light and dark, from a phone to a wide screen. */
export const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--line:#d0d7de;--bar:#2563eb;--band:#dbe7fd;--poor:#b42318}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b3;--paper:#0d1117;--line:#3d444d;--bar:#6ea8fe;--band:#16294a;--poor:#ff8a7a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:68rem;margin:0 auto;padding:1.5rem 1rem}
h1{font-size:1.5rem;margin:0 0 1rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2.25rem 0 .25rem}
h3{font-size:.95rem;margin:1rem 0 0;font-weight:600}
section>p{margin:0 0 .75rem;color:var(--soft);max-width:46rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
details{margin-top:1rem}summary{color:var(--soft);cursor:pointer}
.scroll{overflow-x:auto;margin-top:1rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}
thead th{color:var(--soft);white-space:nowrap}td{overflow-wrap:anywhere}.n,.s{white-space:nowrap}.n{text-align:right}.l{min-width:12rem}
.bars{table-layout:fixed}.bars th,.bars td{border:0;padding:.1rem .75rem .1rem 0;vertical-align:middle}
.bars th{overflow-wrap:anywhere;line-height:1.25}.bars td:last-child{text-align:left;padding:0}.name{width:30%}.figure{width:8.5rem}
.bars i{display:block;height:.75rem;min-width:1px;background:var(--bar)}.bars .poor i{background:var(--poor)}.bars em{color:var(--poor);font-style:normal}
.bar{fill:var(--bar)}.poor{fill:var(--poor)}.band{fill:var(--band)}.end{stroke:var(--ink);fill:none;vector-effect:non-scaling-stroke}
.spreads{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr));gap:1.25rem}
figure{margin:0;min-width:0}figcaption{display:flex;gap:.5rem;white-space:nowrap;font-size:.9rem}figcaption span{color:var(--soft)}figcaption b{color:var(--ink)}figcaption span:first-child{overflow:hidden;text-overflow:ellipsis;flex:1}
figure svg{display:block;width:100%;height:5.5rem;border-bottom:1px solid var(--soft)}
figure p{margin:.15rem 0 0;font-size:.8rem;line-height:1.35;color:var(--soft)}
.run{position:relative;display:flex;justify-content:space-between;font-size:.8rem;color:var(--soft)}.zero{position:absolute;transform:translateX(-50%)}
.scatter{display:grid;grid-template-columns:auto 1fr;gap:.25rem .5rem;max-width:46rem;margin-bottom:1rem}
.scatter p{grid-column:2;margin:0;font-size:.8rem;color:var(--soft)}.scatter .x{text-align:center}.scatter .run{grid-column:2;height:1.3em}.scatter .run span{position:absolute;transform:translateX(-50%)}
.rise{position:relative;width:3.5em;font-size:.8rem;color:var(--soft)}.rise span{position:absolute;right:0;transform:translateY(50%)}
.field{position:relative;height:15rem;border-left:1px solid var(--soft);border-bottom:1px solid var(--soft)}
.dot{position:absolute;width:10px;height:10px;margin:0 0 -5px -5px}.dot::before{content:'';position:absolute;inset:0;border-radius:5px;background:var(--bar)}
.dot b{position:absolute;top:calc(-6px + 1.2em*var(--row));font-weight:400;font-size:.8rem;line-height:1.5;white-space:nowrap;max-width:11rem;overflow:hidden;text-overflow:ellipsis}
.after b{left:15px}.before b{right:15px}
@media (max-width:34rem){.name{width:42%}.figure{width:6.5rem}.dot b{max-width:8rem}}
`;
