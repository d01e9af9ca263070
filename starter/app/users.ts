import { and, eq, isNull, lt } from "drizzle-orm";
import type { Db } from "./database";
import { type User, users } from "./schema";

/** Accounts in the database. */
export class UserStore {
  constructor(private readonly db: Db) {}

  async find(id: number): Promise<User | undefined> {
    const [user] = await this.db.select().from(users).where(eq(users.id, id));
    return user;
  }

  async findByEmail(email: string): Promise<User | undefined> {
    const [user] = await this.db.select().from(users).where(eq(users.email, email));
    return user;
  }

  /** Adds an account, whose address has yet to be confirmed. Returns its id. */
  async add(email: string, passwordHash: string): Promise<number> {
    const [user] = await this.db.insert(users).values({ email, passwordHash }).returning({ id: users.id });
    if (user === undefined) {
      throw new Error("The database returned no row.");
    }
    return user.id;
  }

  /** Removes the account of an address that nobody has confirmed: anybody could have made it. */
  async withdraw(email: string): Promise<void> {
    await this.db.delete(users).where(and(eq(users.email, email), isNull(users.confirmedAt)));
  }

  /** Confirms the address. The condition lets a link work once: of two clicks, one gets `true`. */
  async confirm(id: number): Promise<boolean> {
    const changed = await this.db
      .update(users)
      .set({ confirmedAt: new Date() })
      .where(and(eq(users.id, id), isNull(users.confirmedAt)))
      .returning({ id: users.id });
    return changed.length > 0;
  }

  /** Sets a new password, if the old one is still there: of two visitors with one link, one gets `true`. */
  async resetPassword({ id, passwordHash, confirmedAt }: User, newHash: string): Promise<boolean> {
    const changed = await this.db
      .update(users)
      .set({ passwordHash: newHash, confirmedAt: confirmedAt ?? new Date() })
      .where(and(eq(users.id, id), eq(users.passwordHash, passwordHash)))
      .returning({ id: users.id });
    return changed.length > 0;
  }

  /** Removes accounts that nobody has confirmed in time. Returns their number. */
  async removeUnconfirmed(before: Date): Promise<number> {
    const removed = await this.db
      .delete(users)
      .where(and(isNull(users.confirmedAt), lt(users.createdAt, before)))
      .returning({ id: users.id });
    return removed.length;
  }
}
