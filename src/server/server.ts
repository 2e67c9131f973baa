/** Puts the HTTP server together: settings, guards, documentation, routes. It does not listen. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import Fastify, { type FastifyInstance, LogController, type RouteOptions } from 'fastify';
import { OctavoError } from '../errors.js';
import { createHostCheck } from './allowed-hosts.js';
import { createKeyCheck } from './api-keys.js';
import { chatEndpoint } from './chat.js';
import { classifyEndpoint } from './classify.js';
import { closeSpareConnections } from './closing-connections.js';
import { completionEndpoint } from './completions.js';
import { createComponents } from './components.js';
import type { ServerDependencies } from './dependencies.js';
import { documentRoutes } from './documentation.js';
import { embeddingEndpoint } from './embeddings.js';
import { answerError, toRawAnswer } from './error-answer.js';
import { acceptJsonOnly } from './json-body.js';
import { reportRequests } from './request-report.js';
import {
  addEncoderRoutes,
  addGenerationRoutes,
  addModelRoutes,
  addModerationRoute,
  addOperationRoutes,
  type Endpoints,
  openRoute,
  refuseOtherMethods,
} from './routes.js';
import { moderationSchema } from './schema/moderation-schema.js';

export function createServer(dependencies: ServerDependencies): FastifyInstance {
  const { limits, metrics } = dependencies;
  const app = createApp(dependencies);
  // Handlers validate and serialize themselves, whatever content type a body came with; schemas are documentation.
  app.setValidatorCompiler(() => (value) => ({ value }));
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(async (request) => {
    throw new OctavoError(
      'not_found',
      `There is no route ${request.method} ${request.url.split('?')[0]?.slice(0, 256)}.`,
    );
  });
  acceptJsonOnly(app, limits.jsonDepth);
  reportRequests(app, metrics);
  closeSpareConnections(app);
  addHeaders(app);
  addGuards(app, dependencies);
  const endpoints = {
    completion: completionEndpoint(limits),
    chat: chatEndpoint(limits),
    embedding: embeddingEndpoint(limits),
    classification: classifyEndpoint(limits),
    moderation: { schema: moderationSchema(limits) },
  };
  documentRoutes(
    app,
    createComponents({
      CreateCompletion: endpoints.completion.schema,
      CreateChatCompletion: endpoints.chat.schema,
      CreateEmbedding: endpoints.embedding.schema,
      Classify: endpoints.classification.schema,
      CreateModeration: endpoints.moderation.schema,
    }),
  );
  // After the documentation plugin, which sees only what is registered later.
  app.register(async (routes) => addRoutes(routes, endpoints, dependencies));
  return app;
}

function createApp({ limits, logger }: ServerDependencies): FastifyInstance {
  return Fastify({
    ...(logger === false ? { logger } : { loggerInstance: logger }),
    // One line for each request, written by the report.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: chooseRequestId,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.receiveTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // Its body is not OpenAI's; `draining` refuses what must be refused while the server closes.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256 },
    http: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeoutMs,
      highWaterMark: limits.streamBufferBytes,
    },
    // Malformed URLs come past the hooks; they get the same answer with and without a key.
    frameworkErrors: (error, request, reply) => answerError(error, request, reply),
    clientErrorHandler: (error, socket) => {
      if (socket.writable) socket.end(toRawAnswer(error));
      else socket.destroy();
    },
  });
}

/** The caller's id where it is plain, so that it cannot forge log lines or headers. */
function chooseRequestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : `req_${randomUUID()}`;
}

function addHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('openai-processing-ms', Math.round(reply.elapsedTime));
  });
}

/** On the root, so that they hold for every route, for unknown ones too. */
function addGuards(app: FastifyInstance, { apiKeys, allowedHosts }: ServerDependencies): void {
  const checkKey = createKeyCheck(apiKeys);
  const checkHost = createHostCheck(allowedHosts);
  app.decorateRequest('tenant', '');
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.url !== openRoute) {
      checkHost(request.headers);
      request.tenant = checkKey(request.headers.authorization);
    }
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      throw new OctavoError('unsupported_content_type', 'Compressed request bodies are not accepted.');
    }
  });
}

function addRoutes(app: FastifyInstance, endpoints: Endpoints, dependencies: ServerDependencies): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  addGenerationRoutes(app, endpoints, dependencies);
  addEncoderRoutes(app, endpoints, dependencies);
  addModerationRoute(app, endpoints, dependencies);
  addModelRoutes(app, dependencies);
  addOperationRoutes(app, dependencies);
  refuseOtherMethods(app, [...routes]);
}
