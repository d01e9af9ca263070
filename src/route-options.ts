import type { RuleValues } from "./routing/rule-types";

/** The methods that a route takes; case does not matter. */
export type HttpMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "TRACE" | (string & {});

/** How a route answers. */
export interface RouteOptions {
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
}

/** What a view gets: the values of the rule's variables and of the host's, and the defaults. */
export type ViewValues<Source extends string, Options> = RuleValues<Source> & HostValues<Options> & DefaultValues<Options>;

type HostValues<Options> = Options extends { readonly host: infer Host extends string }
  ? RuleValues<Host>
  : Options extends { readonly subdomain: infer Subdomain extends string }
    ? RuleValues<Subdomain>
    : unknown;

type DefaultValues<Options> = Options extends { readonly defaults: infer Defaults } ? Defaults : unknown;

/** How the routes of a blueprint class are grouped. */
export interface BlueprintOptions {
  /** What the rules begin with, such as `"/admin"`; it may hold variables. */
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
}
