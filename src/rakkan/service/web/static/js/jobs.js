// A job of the queue, followed by its events until it is done.

/** Follow `events`; told are `progress` ({done, total}), `done` ({picture, url}) and `failed` ({message, hint}). */
export function follow(events, told) {
  const source = new EventSource(events);
  const read = (event) => JSON.parse(event.data);
  source.addEventListener("progress", (event) => told.progress(read(event)));
  source.addEventListener("done", (event) => {
    source.close();
    told.done(read(event));
  });
  source.addEventListener("failed", (event) => {
    source.close();
    told.failed(read(event));
  });
  return () => source.close();
}
