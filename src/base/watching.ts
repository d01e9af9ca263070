let isAnyWatched = false;
let askContext: () => boolean = () => false;

/** Notes that an app of this process runs in debug mode or in tests. Without one, nothing is asked. */
export function noteWatchedApp(): void {
  isAnyWatched = true;
}

/** Sets the function that tells whether the current app runs in debug mode or in tests. Called by the room that holds the context. */
export function setWatchQuestion(ask: () => boolean): void {
  askContext = ask;
}

/** Tells whether the current app runs in debug mode or in tests, so that mistakes that are silent elsewhere are errors. */
export function isWatching(): boolean {
  return isAnyWatched && askContext();
}
