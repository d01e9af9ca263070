import { SetupError } from "../base/errors";

/** The methods of apps of Express and Flask, and the cure of each. */
const ofApps: Readonly<Record<string, string>> = {
  listen: "app.run({ port: 3000 }) for development, or app.serve({ port: 3000 }) for production",
  all: 'app.route("/path", view, { methods: ["GET", "POST"] })',
  head: "app.get(): HEAD is answered with it",
  options: "app.get() or app.route(): OPTIONS is answered by itself",
  set: "the configuration: app.config.update({ … }). Templates are .eta files of the folder 'templates'",
  enable: "the configuration: app.config.update({ … })",
  disable: "the configuration: app.config.update({ … })",
  engine: "templates of Eta: files .eta of the folder 'templates'",
  param: "a converter in the rule, such as /users/<int:id>, or app.urlValuePreprocessor()",
  static: 'the option of the app: new Flagon(__dirname, { static: "public", staticUrlPath: "/" })',
  add_url_rule: "app.route(rule, view, options)",
  before_request: "app.beforeRequest()",
  after_request: "app.afterRequest()",
  teardown_request: "app.teardownRequest()",
  errorhandler: "app.errorHandler()",
  register_error_handler: "app.errorHandler()",
  register_blueprint: "app.register()",
  context_processor: "app.contextProcessor()",
  template_filter: "app.templateFilter()",
  test_client: "app.testClient()",
  test_request_context: "app.testRequestContext()",
  app_context: "app.appContext()",
  url_for: 'urlFor() of "flagon"',
};

/** The methods of blueprints of Flask and routers of Express, and the cure of each. */
const ofBlueprints: Readonly<Record<string, string>> = {
  use: "blueprint.beforeRequest() for a function before each request, or blueprint.register() for a controller or another blueprint",
  all: 'blueprint.route("/path", view, { methods: ["GET", "POST"] })',
  head: "blueprint.get(): HEAD is answered with it",
  options: "blueprint.get() or blueprint.route(): OPTIONS is answered by itself",
  param: "a converter in the rule, such as /users/<int:id>, or blueprint.urlValuePreprocessor()",
  add_url_rule: "blueprint.route(rule, view, options)",
  before_request: "blueprint.beforeRequest()",
  after_request: "blueprint.afterRequest()",
  teardown_request: "blueprint.teardownRequest()",
  before_app_request: "blueprint.beforeAppRequest()",
  after_app_request: "blueprint.afterAppRequest()",
  errorhandler: "blueprint.errorHandler()",
  app_errorhandler: "blueprint.appErrorHandler()",
  register_error_handler: "blueprint.errorHandler()",
  register_blueprint: "blueprint.register()",
  context_processor: "blueprint.contextProcessor()",
  app_context_processor: "blueprint.appContextProcessor()",
  app_template_filter: "app.templateFilter()",
  url_value_preprocessor: "blueprint.urlValuePreprocessor()",
  url_defaults: "blueprint.urlDefaults()",
};

/** The methods of configurations elsewhere. */
const ofConfigs: Readonly<Record<string, string>> = {
  get: "app.config.name",
  set: "app.config.update({ name: value })",
  from_object: "app.config.update(values)",
  from_mapping: "app.config.update(values)",
  from_file: "app.config.loadFile(path)",
  from_json: "app.config.loadFile(path)",
  from_pyfile: "app.config.loadFile(path)",
  from_envvar: "app.config.loadFileFromEnvironment(variable)",
  from_prefixed_env: 'app.config.loadEnvironment("SHOP_")',
};

/** Adds methods that refuse their call with the cure: the compiler does not read every app. */
function addRefusals(prototype: object, methods: Readonly<Record<string, string>>, place: string): void {
  for (const [name, cure] of Object.entries(methods)) {
    const refuse = (): never => {
      throw new SetupError(`There is no method ${place}.${name}(). Use ${cure}.`);
    };
    Object.defineProperty(prototype, name, { value: refuse, configurable: true, writable: true });
  }
}

/** Adds the methods of other frameworks to an app, its blueprints and its configuration, to refuse them with the cure. */
export function addForeignMethods(app: object, blueprint: object, config: object): void {
  addRefusals(app, ofApps, "app");
  addRefusals(blueprint, ofBlueprints, "blueprint");
  addRefusals(config, ofConfigs, "app.config");
}
