/** Boxes of the sizes that the page will have, so that nothing jumps when it comes. */
export function Loading() {
  return (
    <div className="overview" role="status" aria-label="Loading">
      <div className="tiles">
        {["a", "b", "c", "d", "e", "f"].map((key) => (
          <div key={key} className="card tile skeleton" />
        ))}
      </div>
      <div className="charts">
        {["a", "b", "c", "d"].map((key) => (
          <div key={key} className="card skeleton chart-box" />
        ))}
      </div>
    </div>
  );
}
