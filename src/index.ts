export { type Extension, Flagon, type FlagonOptions } from "./app";
export type { FetchHandler } from "./application";
export type { BackgroundWork } from "./background";
export { Blueprint, type RegisterOptions } from "./blueprint";
export type { CommandResult, CommandRunner } from "./command-runner";
export type { CommandFlags, CommandOptions, CommandTypes, CommandValues } from "./command-spec";
export { Config, type LoadFileOptions, type Values } from "./config";
export type { AppContext, Globals, RequestContext } from "./context";
export type { CookieJar } from "./cookie-jar";
export { CookieSessions } from "./cookie-sessions";
export {
  type AnyClass,
  afterRequest,
  beforeRequest,
  blueprint,
  type CommandDecorator,
  type ControllerDecorator,
  command,
  contextProcessor,
  csrfExempt,
  errorHandler,
  type HookDecorator,
  type MethodOfKindDecorator,
  type NamedDecorator,
  type RouteDecoratorFactory,
  type RouteShortcut,
  route,
  teardownRequest,
  templateFilter,
  templateGlobal,
  urlDefaults,
  urlValuePreprocessor,
  type ViewMethodDecorator,
  type ViewOrControllerDecorator,
  viewDecorator,
} from "./decorators";
export {
  type AnyFlagonError,
  BuildError,
  ConfigError,
  ContextError,
  FlagonError,
  FormError,
  LoadError,
  ReturnValueError,
  RuleError,
  SessionError,
  SetupError,
  TemplateError,
  TemplateNotFound,
  UsageError,
} from "./errors";
export { type EventSubscription, eventStream, type ServerSentEvent } from "./event-stream";
export type { FlashedMessage, FlashOptions } from "./flashes";
export { flash, getFlashedMessages } from "./flashing";
export type { Attributes } from "./forms/controls";
export { CsrfError } from "./forms/csrf";
export type { FieldChoices, FieldOptions } from "./forms/fields";
export {
  defineForm,
  type Form,
  type FormDefinition,
  type FormOutput,
  type FormShape,
  type InvalidForm,
  type ValidateOptions,
  type ValidForm,
} from "./forms/form";
export type { FieldName, FormBase, FormOptions, FormRenderOptions, RowOptions } from "./forms/form-base";
export type { ZodSchema } from "./forms/zod";
export { copyCurrentRequestContext, currentApp, g, hasAppContext, hasRequestContext, request, session } from "./globals";
export {
  abort,
  afterThisRequest,
  json,
  type MethodName,
  type MethodValues,
  makeResponse,
  sendFile,
  sendFromDirectory,
  type UrlArguments,
  urlFor,
} from "./helpers";
export type {
  AfterRequestHook,
  BeforeRequestHook,
  ContextProcessor,
  ErrorClass,
  ErrorHandler,
  TeardownHook,
  TemplateFunction,
  UrlDefaults,
  UrlValuePreprocessor,
  ViewWrapper,
} from "./hooks";
export { escape, html, Markup } from "./html";
export type { Authorization } from "./http/authorization";
export type { CacheDirectives } from "./http/cache-control";
export {
  BadRequest,
  Conflict,
  ContentTooLarge,
  ExpectationFailed,
  FailedDependency,
  Forbidden,
  Gone,
  ImATeapot,
  LengthRequired,
  Locked,
  MethodNotAllowed,
  MisdirectedRequest,
  NotAcceptable,
  NotFound,
  PreconditionFailed,
  PreconditionRequired,
  RangeNotSatisfiable,
  RequestHeaderFieldsTooLarge,
  RequestTimeout,
  TooManyRequests,
  Unauthorized,
  UnavailableForLegalReasons,
  UnprocessableContent,
  UnsupportedMediaType,
  URITooLong,
} from "./http/client-errors";
export type { EntityTags, RangeCondition, RequestedRange } from "./http/conditions";
export type { CookieOptions } from "./http/cookies";
export { HTTPException, type HTTPExceptionOptions } from "./http/exceptions";
export type { FormValue, FormValues } from "./http/form-values";
export type { HeadersLike, ResponseHeaders } from "./http/headers";
export type { Accepts } from "./http/negotiation";
export type { ProxyTrust } from "./http/proxy";
export type { Query } from "./http/query";
export { FlagonRequest } from "./http/request";
export { type JsonOptions, type ParseOptions, type RequestIssue, type RequestLimits, ValidationFailed } from "./http/request-body";
export type { RequestHead, RequestSettings } from "./http/request-head";
export type { RequestHeaders } from "./http/request-headers";
export type { RequestSource } from "./http/request-source";
export { FlagonResponse, type ResponseBody } from "./http/response";
export { safeJoin, secureFilename } from "./http/safe-path";
export type { FileContent, SendFileOptions } from "./http/send-file";
export {
  BadGateway,
  GatewayTimeout,
  HTTPVersionNotSupported,
  InternalServerError,
  NotImplemented,
  ServiceUnavailable,
} from "./http/server-errors";
export type { ConversionOptions, DefaultOption, NamedTypeOptions, ValueTypes } from "./http/typed-values";
export { type SaveOptions, UploadedFile } from "./http/upload";
export type { JsonProvider } from "./json-provider";
export type { Logger } from "./logging";
export type { NodeMiddleware } from "./node-middleware";
export { type QueryDetails, recordQuery } from "./recording";
export { isSafeRedirect, type RedirectOptions, redirect } from "./redirecting";
export type { UrlBuildErrorHandler } from "./registry";
export { renderTemplate, renderTemplateAsync, renderTemplateString, streamTemplate, streamTemplateString, template } from "./rendering";
export type { BlueprintOptions, HttpMethod, RouteOptions, RouteSchemas, ViewResult, ViewValues } from "./route-options";
export {
  type Converter,
  type ConverterArgument,
  type ConverterArguments,
  type ConverterFactory,
  type Converters,
  noMatch,
} from "./routing/converters";
export type { Route } from "./routing/route";
export type { RuleCheck, RuleValues } from "./routing/rule-types";
export type { Scaffold, ViewFunction } from "./scaffold";
export type { Schema, SchemaInput, SchemaIssue } from "./schema";
export type { RunOptions } from "./server/development";
export type { RunningServer, ServeOptions } from "./server/production";
export { Session, type SessionData, type SessionInterface } from "./session";
export type { Settings, TrustProxy } from "./settings";
export { Tuple, Uuid } from "./tagged-json";
export type { TestClient, TestRequestOptions, TestResponse } from "./testing";
export type { UrlOptions, UrlValue } from "./url-building";
