export { type Extension, Flagon, type FlagonOptions } from "./app";
export { Blueprint, type RegisterOptions } from "./blueprint";
export { Config, type Settings } from "./config";
export type { AppContext, Globals, RequestContext } from "./context";
export type { CookieJar } from "./cookie-jar";
export {
  type AfterRequestHook,
  type AnyClass,
  afterRequest,
  type BeforeRequestHook,
  type BlueprintOptions,
  beforeRequest,
  blueprint,
  type ContextProcessor,
  type ControllerDecorator,
  contextProcessor,
  csrfExempt,
  type ErrorClass,
  type ErrorHandler,
  errorHandler,
  type HookDecorator,
  type HttpMethod,
  type MethodOfKindDecorator,
  type NamedDecorator,
  type RouteDecoratorFactory,
  type RouteOptions,
  type RouteShortcut,
  route,
  type TeardownHook,
  type TemplateFunction,
  teardownRequest,
  templateFilter,
  templateGlobal,
  type UrlDefaults,
  type UrlValuePreprocessor,
  urlDefaults,
  urlValuePreprocessor,
  type ViewMethodDecorator,
  type ViewOrControllerDecorator,
  type ViewValues,
  type ViewWrapper,
  viewDecorator,
} from "./decorators";
export {
  type AnyFlagonError,
  BuildError,
  ConfigError,
  ContextError,
  FlagonError,
  FormError,
  ReturnValueError,
  RuleError,
  SessionError,
  SetupError,
  TemplateError,
  TemplateNotFound,
} from "./errors";
export { eventStream, type ServerSentEvent } from "./event-stream";
export type { FlashedMessage, FlashOptions } from "./flashes";
export { flash, getFlashedMessages } from "./flashing";
export type { Attributes } from "./forms/controls";
export { CsrfError } from "./forms/csrf";
export type { FieldOptions } from "./forms/fields";
export {
  defineForm,
  type FieldName,
  type Form,
  type FormBase,
  type FormDefinition,
  type FormOptions,
  type FormOutput,
  type FormRenderOptions,
  type FormShape,
  type InvalidForm,
  type ValidateOptions,
  type ValidForm,
} from "./forms/form";
export type { ZodSchema } from "./forms/zod";
export { currentApp, g, request, session } from "./globals";
export {
  abort,
  afterThisRequest,
  json,
  type MethodName,
  type MethodValues,
  makeResponse,
  renderTemplate,
  renderTemplateAsync,
  renderTemplateString,
  sendFile,
  sendFromDirectory,
  template,
  type UrlArguments,
  urlFor,
} from "./helpers";
export { escape, html, Markup } from "./html";
export type { CookieOptions } from "./http/cookies";
export {
  BadGateway,
  BadRequest,
  Conflict,
  ContentTooLarge,
  ExpectationFailed,
  FailedDependency,
  Forbidden,
  GatewayTimeout,
  Gone,
  HTTPException,
  type HTTPExceptionOptions,
  HTTPVersionNotSupported,
  ImATeapot,
  InternalServerError,
  LengthRequired,
  Locked,
  MethodNotAllowed,
  MisdirectedRequest,
  NotAcceptable,
  NotFound,
  NotImplemented,
  PreconditionFailed,
  PreconditionRequired,
  RangeNotSatisfiable,
  RequestHeaderFieldsTooLarge,
  RequestTimeout,
  ServiceUnavailable,
  TooManyRequests,
  Unauthorized,
  UnavailableForLegalReasons,
  UnprocessableContent,
  UnsupportedMediaType,
  URITooLong,
} from "./http/exceptions";
export type { FormValue, FormValues } from "./http/form-values";
export type { HeadersLike, ResponseHeaders } from "./http/headers";
export type { Accepts } from "./http/negotiation";
export { type Authorization, FlagonRequest, type ParseOptions, type RequestLimits, ValidationFailed } from "./http/request";
export type { RequestHeaders } from "./http/request-headers";
export type { RequestSource } from "./http/request-source";
export { FlagonResponse, type ResponseBody } from "./http/response";
export type { SendFileOptions } from "./http/send-file";
export { UploadedFile } from "./http/upload";
export type { Logger } from "./logging";
export { isSafeRedirect, type RedirectOptions, redirect } from "./redirecting";
export {
  type Converter,
  type ConverterArgument,
  type ConverterArguments,
  type ConverterFactory,
  type Converters,
  noMatch,
} from "./routing/converters";
export type { RuleCheck, RuleValues } from "./routing/rule-types";
export type { Scaffold, ViewFunction } from "./scaffold";
export type { Schema, SchemaIssue } from "./schema";
export type { RunOptions } from "./server/development";
export { CookieSessions, Session, type SessionData, type SessionInterface } from "./sessions";
export { Tuple, Uuid } from "./tagged-json";
export type { TestClient, TestRequestOptions, TestResponse } from "./testing";
export type { UrlOptions, UrlValue } from "./url-building";
