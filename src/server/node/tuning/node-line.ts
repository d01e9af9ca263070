/** The Node line that runs, such as 20 for version 20.20.2. */
export const nodeLine: number = Number.parseInt(process.versions.node, 10);
