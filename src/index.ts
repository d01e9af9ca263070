/** @module flagon */

export { type Extension, Flagon } from "./app";
export type { FlagonOptions } from "./app/options";
export {
  type BrokerSubscription,
  type ChannelBroker,
  type ChannelListener,
  MemoryChannels,
  RedisChannels,
  type RedisChannelsOptions,
  type RedisPublisher,
  type RedisSubscriber,
} from "./base/channels";
export {
  type AnyFlagonError,
  BuildError,
  ConfigError,
  ContextError,
  DatabaseError,
  FlagonError,
  FormError,
  JobError,
  LoadError,
  MailError,
  ReturnValueError,
  RuleError,
  SessionError,
  SetupError,
  TemplateError,
  TemplateNotFound,
  UsageError,
} from "./base/errors";
export { escape, html, Markup } from "./base/html";
export type { JsonProvider } from "./base/json";
export type { Logger } from "./base/logging";
export { safeUrl } from "./base/safe-url";
export type { Schema, SchemaInput, SchemaIssue } from "./base/schema";
export type { CommandResult, CommandRunner } from "./commands/command-runner";
export type { CommandFlags, CommandOptions, CommandTypes, CommandValues } from "./commands/command-spec";
export { Config, type LoadFileOptions, type Values } from "./config/config";
export type { PolicySources } from "./config/policy-setting";
export type { Settings, StrictTransportSecurity } from "./config/settings";
export type { TrustedProxies, TrustProxy } from "./config/trust-proxy";
export type { UrlOptions, UrlValue } from "./dispatch/build-url";
export type { Globals } from "./dispatch/context";
export type { FlashedMessage, FlashOptions } from "./dispatch/flashes";
export type { Attributes } from "./forms/attributes";
export { defineForm } from "./forms/define-form";
export type { FieldOptions } from "./forms/field-markup";
export type {
  FieldName,
  Form,
  FormBase,
  FormDefinition,
  FormInput,
  FormOptions,
  FormOutput,
  FormRenderOptions,
  FormShape,
  InitialValues,
  InvalidForm,
  RowOptions,
  ValidateOptions,
  ValidForm,
  WithUploads,
} from "./forms/form";
export { englishMessages } from "./forms/languages/english";
export { germanMessages } from "./forms/languages/german";
export { copyCurrentRequestContext, currentApp, g, hasAppContext, hasRequestContext, request, session } from "./globals";
export { type ChannelSubscription, channel, type MessageChannel } from "./helpers/channel";
export { cspNonce } from "./helpers/csp-nonce";
export { type EventStreamOptions, type EventSubscription, eventStream, type ServerSentEvent } from "./helpers/event-stream";
export { flash, getFlashedMessages } from "./helpers/flash";
export { type QueryDetails, recordQuery } from "./helpers/record-query";
export { isSafeRedirect, type RedirectOptions, type RedirectStatus, redirect, redirectBack } from "./helpers/redirect";
export {
  renderBlock,
  renderTemplate,
  renderTemplateAsync,
  renderTemplateString,
  streamTemplate,
  streamTemplateString,
  template,
} from "./helpers/render-template";
export { abort, afterThisRequest, json, makeResponse } from "./helpers/respond";
export { sendFile, sendFromDirectory } from "./helpers/send-file";
export { isUrlSigned, type SignedUrlDecorator, type SignedUrlOptions, signedUrl, signUrl } from "./helpers/signed-url";
export { readToken, signToken } from "./helpers/tokens";
export {
  type MethodName,
  type MethodValues,
  type UrlFirst,
  type UrlSecond,
  type UrlTarget,
  type UrlThird,
  urlFor,
} from "./helpers/url-for";
export type { CacheDirectives } from "./http/cache-control";
export type { EntityTags, RangeCondition, RequestedRange } from "./http/conditional-headers";
export type { CookieOptions } from "./http/cookies";
export {
  type AbortOptions,
  BadGateway,
  GatewayTimeout,
  HTTPVersionNotSupported,
  InternalServerError,
  NotImplemented,
  ServiceUnavailable,
} from "./http/exceptions/by-status";
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
} from "./http/exceptions/client-errors";
export { HTTPException, type HTTPExceptionOptions } from "./http/exceptions/http-exception";
export type { FileContent, SendFileOptions } from "./http/files/send-file";
export type { Accepts } from "./http/request/accepts";
export type { Authorization } from "./http/request/authorization";
export type { FormValue, FormValues } from "./http/request/form-values";
export type { Query } from "./http/request/query";
export { FlagonRequest } from "./http/request/request";
export { type JsonOptions, type ParseOptions, type RequestIssue, type RequestLimits, ValidationFailed } from "./http/request/request-body";
export type { RequestHead } from "./http/request/request-head";
export type { RequestHeaders } from "./http/request/request-headers";
export type { ConversionOptions, DefaultOption, NamedTypeOptions, ValueTypes } from "./http/request/text-types";
export { type SaveInFolderOptions, type SaveOptions, UploadedFile } from "./http/request/upload";
export { FlagonResponse, type ResponseBody } from "./http/response/response";
export type { HeadersLike, ResponseHeaders } from "./http/response/response-headers";
export { safeJoin, secureFilename } from "./http/safe-path";
export { type Challenges, WWWAuthenticate } from "./http/www-authenticate";
export {
  type Converter,
  type ConverterArgument,
  type ConverterArguments,
  type ConverterFactory,
  type Converters,
  noMatch,
} from "./routing/converters";
export type { RouteInfo } from "./routing/route";
export type { BlueprintOptions, HttpMethod, RouteOptions, RouteSchemas, ViewResult, ViewValues } from "./routing/route-options";
export type { CheckedRule, RuleProblem, RuleValues } from "./routing/rule-types";
export type { ChoicesByKey, ChoiceValue, FieldChoices, LabelledChoice } from "./schemas/choices";
export type {
  FormIssue,
  FormIssueField,
  FormLabelKind,
  FormMessage,
  FormMessageKind,
  FormMessages,
  FormMessageTable,
} from "./schemas/form-messages";
export type { ZodSchema } from "./schemas/zod";
export type { RunOptions } from "./server/development/development";
export type { RunningServer, ServeOptions } from "./server/production/serve-here";
export { CookieSessions } from "./sessions/cookie-sessions";
export { CsrfError } from "./sessions/csrf";
export { Session, type SessionData, type SessionInterface } from "./sessions/session";
export { Tuple, Uuid } from "./sessions/tagged-json";
export type { FetchHandler, NodeMiddleware } from "./setup/application";
export { Blueprint, type RegisterOptions } from "./setup/blueprint";
export type {
  AnyClass,
  CommandDecorator,
  CommandMethodDecorator,
  ControllerDecorator,
  HookDecorator,
  MethodOfKindDecorator,
  NamedDecorator,
  RouteDecoratorFactory,
  RouteMethodDecorator,
  RouteShortcut,
  ViewMethodDecorator,
  ViewOrControllerDecorator,
} from "./setup/decorator-types";
export {
  afterRequest,
  beforeRequest,
  blueprint,
  command,
  contextProcessor,
  csrfExempt,
  errorHandler,
  route,
  teardownRequest,
  templateFilter,
  templateGlobal,
  urlDefaults,
  urlValuePreprocessor,
  viewDecorator,
} from "./setup/decorators";
export type { HealthCheckOptions } from "./setup/health-checks";
export type {
  AfterRequestHook,
  BeforeRequestHook,
  ContextProcessor,
  ErrorClass,
  ErrorHandler,
  HandledError,
  TeardownHook,
  TemplateFunction,
  UrlDefaults,
  UrlValuePreprocessor,
  ViewWrapper,
} from "./setup/hooks";
export type { StartOptions } from "./setup/life-cycle";
export type { UrlBuildErrorHandler } from "./setup/registry";
export type { Scaffold, ViewFunction } from "./setup/scaffold";
export type { SignUrlOptions } from "./signing/signed-url";
export type { ReadTokenOptions, SignTokenOptions } from "./signing/tokens";
export type { BuiltTemplate, GivenTemplates } from "./templating/given-templates";
export type { CookieJar } from "./testing/cookie-jar";
export type { TestClient, TestCredentials, TestRequestOptions, TestResponse } from "./testing/test-client";
