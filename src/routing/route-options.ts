import type { Schema, SchemaInput } from "../base/schema";
import type { Suggestion } from "../base/suggestion-types";
import type { FlagonResponse } from "../http/response/response";
import type { RuleValues } from "./rule-types";

/** The methods that a route takes; case does not matter. */
export type HttpMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "TRACE" | (string & {});

/** The schemas of a route's input and result: of zod 4, or of any library that follows Standard Schema. */
export interface RouteSchemas {
  /** The schema of a JSON body: the view gets the schema's output as `json`. Otherwise the answer is 422. */
  readonly json?: Schema;
  /** The query, converted as a form is: the view gets the schema's output as `query`. Otherwise the answer is 422. */
  readonly query?: Schema;
  /** The value that the view returns, unless it is a response. It is sent as JSON, without fields that the schema does not have. */
  readonly returns?: Schema;
  /** The fields of a form, urlencoded or multipart: the view gets the schema's output as `form`. Otherwise the answer is 422. */
  readonly form?: Schema;
  /** The status of a returned value that is no response. With 204 the view may return nothing. Default: 200. */
  readonly status?: number;
  /** The route's part of an OpenAPI document: `summary`, `description`, `tags`, `security` and the like. `false` leaves the route out. */
  readonly openapi?: Readonly<Record<string, unknown>> | false;
}

/** Options of a route. */
export interface RouteOptions extends RouteSchemas {
  /** The methods that it takes. Default: `GET`, and with it `HEAD`. */
  readonly methods?: readonly HttpMethod[];
  /** The name by which URLs are built. Default: the method's name. */
  readonly endpoint?: string;
  /** Values of the view that the rule has no variable for. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Whether a missing slash at the end redirects; otherwise both spellings answer. Default: the setting `strictSlashes`. */
  readonly strictSlashes?: boolean;
  /** Whether a path with doubled slashes redirects to the one without. Default: the setting `mergeSlashes`. */
  readonly mergeSlashes?: boolean;
  /** The host that the rule is for, such as `"api.example.com"` or `"<tenant>.example.com"`, whose variables the view gets. Default: any. */
  readonly host?: string;
  /** The part of the host before the setting `serverName`, such as `"api"` or `"<tenant>"`. Default: none. */
  readonly subdomain?: string;
  /** Whether it only redirects to the other rule of its endpoint. Default: `false`. */
  readonly alias?: boolean;
  /** Whether URLs are built by it, but no request matches it. Default: `false`. */
  readonly buildOnly?: boolean;
  /** Whether `OPTIONS` is answered without the view. Default: the setting `provideAutomaticOptions`, unless `methods` has it. */
  readonly provideAutomaticOptions?: boolean;
  /** The largest body, in bytes. Default: the settings `maxContentLength` and `maxMultipartLength`. */
  readonly maxContentLength?: number;
  /** The longest time of the view under `serve`, in seconds from the end of the body. Default: the setting `viewTimeout`. */
  readonly viewTimeout?: number;
  /** The longest time without progress of the body under `serve`, in seconds. Default: the setting `bodyTimeout`. */
  readonly bodyTimeout?: number;
  /** Whether unsafe requests are checked for cross-site forgery. Default: as the blueprint says, or `true`. */
  readonly csrf?: boolean;
}

/** The options themselves if a route knows their names; otherwise each unknown one has a text as its type. */
export type KnownOptions<Options, Known> = [Exclude<keyof Options, Known>] extends [never]
  ? Options
  : {
      readonly [Name in keyof Options]: Name extends Known
        ? Options[Name]
        : `There is no option '${Name & string}'.${Suggestion<Name & string, Known & string>}`;
    };

/** The argument of a view: the values of the rule and of the host, the defaults, and the checked body and query. */
export type ViewValues<Source extends string, Options> = [keyof Options] extends [never]
  ? RuleValues<Source>
  : RuleValues<Source> & OptionValues<Options>;

type OptionValues<Options> = HostValues<Options> &
  DefaultValues<Options> &
  JsonValues<Options> &
  FormValues<Options> &
  QueryValues<Options>;

/**
 * The values that a view may return: text or `Markup`, an object or a list (sent as JSON), a response of Flagon or of the
 * web standard, bytes, a stream, anything that iterates, or a promise of one. With the schema `returns`: the input of that schema.
 */
export type ViewResult<Options = unknown> = Options extends { readonly returns: infer Returned }
  ? SchemaInput<Returned> | FlagonResponse | Response | Promise<SchemaInput<Returned> | FlagonResponse | Response>
  : Returnable | PromiseLike<Returnable>;

/** A value that can be sent. */
type Returnable = string | (object & { readonly then?: never });

type JsonValues<Options> = Options extends { readonly json: Schema<infer Output> } ? { json: Output } : unknown;

type FormValues<Options> = Options extends { readonly form: Schema<infer Output> } ? { form: Output } : unknown;

type QueryValues<Options> = Options extends { readonly query: Schema<infer Output> } ? { query: Output } : unknown;

type HostValues<Options> = Options extends { readonly host: infer Host extends string }
  ? RuleValues<Host>
  : Options extends { readonly subdomain: infer Subdomain extends string }
    ? RuleValues<Subdomain>
    : unknown;

type DefaultValues<Options> = Options extends { readonly defaults: infer Defaults } ? Defaults : unknown;

/** Options of a blueprint. */
export interface BlueprintOptions {
  /** The beginning of all its rules, such as `"/admin"`. It may hold variables. */
  readonly urlPrefix?: string;
  /** The host of its rules, unless they name another. Default: any. */
  readonly host?: string;
  /** The part of the host before the setting `serverName`; a blueprint inside another comes before it. Default: none. */
  readonly subdomain?: string;
  /** Values of its views that the rules have no variables for. Default: none. */
  readonly urlDefaults?: Readonly<Record<string, unknown>>;
  /** A folder of templates, which the app's own override; relative to the app's root. */
  readonly templates?: string;
  /** A folder of static files; relative to the app's root. Default: none. */
  readonly static?: string | null;
  /** The path of the static files below the prefix. Default: the folder's name. */
  readonly staticUrlPath?: string;
  /**
   * The format of errors: `"json"` sends problem details (RFC 9457) to every client that does not prefer HTML by name, also for
   * unknown paths below the prefix; `"html"` only to clients that ask for JSON. Default: as the app or the outer blueprint says.
   */
  readonly errors?: "json" | "html";
  /** Whether unsafe requests of its own routes, not of blueprints inside it, are checked for cross-site forgery. Default: `true`. */
  readonly csrf?: boolean;
}
