import "reflect-metadata";
import { stat } from "node:fs/promises";
import cookie from "@fastify/cookie";
import csrf from "@fastify/csrf-protection";
import flash from "@fastify/flash";
import multipart from "@fastify/multipart";
import secureSession from "@fastify/secure-session";
import fastifyStatic from "@fastify/static";
import view from "@fastify/view";
import {
  Body,
  Catch,
  Controller,
  Get,
  Header,
  HttpCode,
  Module,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Req,
  Res,
  Sse,
  UsePipes,
  ValidationPipe,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { ArrayMaxSize, IsArray, IsInt, IsString, Length, Max, Min, validate } from "class-validator";
import { plainToInstance } from "class-transformer";
import { Eta } from "eta";
import { interval, map, startWith } from "rxjs";
import { openDatabases } from "./databases.mjs";
import { always, announce, eventInterval, notFound, otherRoutes, rows, secret, staticFolder, views, withHtml } from "./shared.mjs";

class PostForm {
  @Length(3, 80) title!: string;
  @Length(10, 2000) body!: string;
}
class NewPost {
  @Length(3, 80) title!: string;
  @IsArray() @ArrayMaxSize(5) @IsString({ each: true }) tags!: string[];
  @IsInt() @Min(1) @Max(5) rating!: number;
}

const databases = new Map(openDatabases().map((database) => [database.kind, database]));

@Controller()
class Views {
  @Get("/")
  index(@Res() reply) {
    reply.headers(withHtml).type("text/html; charset=utf-8").send("Hello, world!");
  }

  @Get("/users/:id")
  user(@Param("id", ParseIntPipe) id: number, @Res({ passthrough: true }) reply) {
    reply.headers(always);
    return { id, name: "Ann", roles: ["admin", "author"] };
  }

  @Get("/page")
  page(@Res() reply) {
    return reply.headers(withHtml).view("page", { rows });
  }

  @Get("/enter")
  enter(@Req() request, @Res() reply) {
    request.session.set("user", "Ann");
    request.flash("message", "Saved <1>.");
    return reply.headers(withHtml).type("text/html; charset=utf-8").send("");
  }

  @Get("/dashboard")
  dashboard(@Req() request, @Res() reply) {
    const data = { user: request.session.get("user") ?? "", messages: reply.flash("message") };
    return reply.headers(withHtml).header("vary", "cookie").view("dashboard", data);
  }

  @Get("/form")
  form(@Res() reply) {
    return reply.headers(withHtml).header("vary", "cookie").view("form", { token: reply.generateCsrf(), values: {}, errors: {} });
  }

  @Post("/form")
  async submit(@Body() body, @Req() request, @Res() reply) {
    const problems = await validate(plainToInstance(PostForm, body));
    if (problems.length === 0) {
      request.flash("message", `Saved ${body.title}.`);
      return reply.headers(withHtml).header("vary", "cookie").redirect("/dashboard", 303);
    }
    const errors = Object.fromEntries(problems.map(({ constraints = {}, property }) => [property, Object.values(constraints)]));
    const data = { token: reply.generateCsrf(), values: body, errors };
    return reply.code(422).headers(withHtml).headers({ "cache-control": "no-store", vary: "cookie" }).view("form", data);
  }

  @Post("/api/posts")
  @HttpCode(201)
  @UsePipes(new ValidationPipe({ expectedType: NewPost }))
  create(@Body() body: NewPost, @Res({ passthrough: true }) reply) {
    reply.headers(always);
    return { title: body.title, tags: body.tags, rating: body.rating, id: 1 };
  }

  @Get("/api/:kind/rows/:id")
  row(@Param("kind") kind: string, @Param("id", ParseIntPipe) id: number, @Res({ passthrough: true }) reply) {
    reply.headers(always);
    return databases.get(kind).findRow(id);
  }

  @Get("/fortunes/:kind")
  async fortunes(@Param("kind") kind: string, @Res() reply) {
    return reply.headers(withHtml).view("fortunes", { rows: await databases.get(kind).listFortunes() });
  }

  @Post("/api/:kind/updates")
  @HttpCode(200)
  update(@Param("kind") kind: string, @Res({ passthrough: true }) reply) {
    reply.headers(always);
    return databases.get(kind).updateRows();
  }

  @Sse("/events")
  @Header("x-content-type-options", always["x-content-type-options"])
  @Header("referrer-policy", always["referrer-policy"])
  @Header("x-frame-options", always["x-frame-options"])
  events() {
    return interval(eventInterval).pipe(
      startWith(-1),
      map((id) => ({ data: String(id + 1) })),
    );
  }

  @Post("/upload")
  async upload(@Req() request, @Res() reply) {
    const { files } = await request.saveRequestFiles();
  const [{ filename, filepath }] = files;
    const { size } = await stat(filepath);
    return reply.code(200).headers(always).send({ filename, size });
  }
}

@Catch(NotFoundException)
class NotFoundPage {
  catch(_error, host) {
    const reply = host.switchToHttp().getResponse();
    reply.code(404).headers(withHtml).header("cache-control", "no-store").type("text/html; charset=utf-8").send(notFound);
  }
}

@Module({ controllers: [Views] })
class App {}

async function main() {
  const adapter = new FastifyAdapter();
  const app = await NestFactory.create(App, adapter, { logger: false });
  const fastify = adapter.getInstance();
  await fastify.register(cookie as never);
  await fastify.register(secureSession as never, { secret, salt: "mq9hDxBVDbspDR6n", cookieName: "session", cookie: { path: "/", httpOnly: true, sameSite: "lax" } } as never);
  await fastify.register(flash as never);
  await fastify.register(csrf as never, { sessionPlugin: "@fastify/secure-session", getToken: (request) => request.body?.csrf_token } as never);
  await fastify.register(multipart as never, { limits: { fileSize: 20_000_000 } } as never);
  await fastify.register(view as never, { engine: { eta: new Eta({ views, cache: true }) }, templates: views, production: true, viewExt: "eta" } as never);
  await fastify.register(fastifyStatic as never, {
    root: staticFolder,
    prefix: "/static/",
    cacheControl: false,
    setHeaders: (reply) => reply.headers({ ...always, "cache-control": "no-cache" }),
  } as never);
  fastify.addHook("preHandler", (request, reply, done) => (request.url === "/form" && request.method === "POST" ? fastify.csrfProtection(request, reply, done) : done()));
  for (let index = 0; index < otherRoutes; index++) {
    fastify.get(`/things${index}/:id`, () => ({ index }));
  }
  app.useGlobalFilters(new NotFoundPage());
  await app.listen(0, "127.0.0.1");
  announce(app.getHttpServer());
}
void main();
