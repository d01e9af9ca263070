export { type ServerSessionOptions, ServerSessions } from "./server-sessions";
export { MemoryStore, type RedisClient, RedisStore, type RedisStoreOptions, type SessionStore } from "./stores";
