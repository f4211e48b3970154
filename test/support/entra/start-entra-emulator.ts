import { type Answer, emptyAnswer, type IncomingCall } from './answer.ts';
import { answerControl, isControlCall } from './control-router.ts';
import { makeEmulatorClock } from './emulator-clock.ts';
import { EntraEmulatorCore } from './entra-emulator-core.ts';
import { type Listener, startListener } from './http-listener.ts';
import type { IssuerStyle } from './issuers.ts';
import {
  type EmulatorUrls,
  makeNetworkModule,
  makeRedirectingFetch,
  type NetworkModule,
} from './redirecting-fetch.ts';
import { bodyOfInterest, headersOfInterest } from './request-log.ts';
import { makeSelfSignedCertificate } from './self-signed-certificate.ts';

export interface EmulatorOptions {
  /** Of the identity platform; left out or 0, the operating system chooses. */
  readonly port?: number;
  readonly graphPort?: number;
  readonly strangerPort?: number;
  /** Listens on https with a certificate of its own. */
  readonly tls?: boolean;
  /** Milliseconds since 1970; the directory adds what it was told to advance. */
  readonly clock?: () => number;
  readonly issuers?: IssuerStyle;
}

export interface EntraEmulator extends EmulatorUrls, EntraEmulatorCore {
  /** PEM; what a client has to trust when the emulator listens on https. */
  readonly certificate: string | null;
  /** Base of the control API. */
  readonly controlUrl: string;
  /** Takes requests for the real hosts here. */
  readonly fetch: typeof fetch;
  /** The same for MSAL: `system.networkClient`. */
  readonly networkModule: NetworkModule;
  readonly stop: () => Promise<void>;
}

/**
 * Three listeners on 127.0.0.1: the identity platform, Graph, and a stranger that no client has any business with and
 * that remembers whatever it is sent. `/_control/…` on the first two is the control API.
 */
export async function startEntraEmulator(options: EmulatorOptions = {}): Promise<EntraEmulator> {
  const started: Listener[] = [];
  const urls = { loginUrl: '', graphUrl: '', strangerUrl: '' };
  const core = new EntraEmulatorCore({
    clock: makeEmulatorClock(options.clock),
    issuerStyle: options.issuers ?? 'cloud',
    strangerOrigin: () => urls.strangerUrl,
  });
  const identity = options.tls ? makeSelfSignedCertificate({ commonName: 'localhost', keyType: 'ec' }) : null;
  const tls = identity ? { key: identity.privateKey, cert: identity.certificate } : undefined;
  const listen = async (
    service: IncomingCall['service'],
    port: number | undefined,
    answer: (call: IncomingCall) => Promise<Answer>,
  ): Promise<string> => {
    const listener = await startListener({
      service,
      port: port ?? 0,
      // Another name than the others have, for host allow-lists to notice.
      hostName: service === 'stranger' ? 'localhost' : '127.0.0.1',
      tls,
      answer: async (call) =>
        isControlCall(call) && service !== 'stranger' ? await answerControl(core, call) : await answer(call),
    });
    started.push(listener);
    return listener.url;
  };
  const stop = async (): Promise<void> => {
    await core.closeNotifier();
    await Promise.all(started.map((listener) => listener.close()));
  };
  try {
    urls.loginUrl = await listen('login', options.port, (call) => core.login.answer(call));
    urls.graphUrl = await listen('graph', options.graphPort, (call) => core.graph.answer(call));
    urls.strangerUrl = await listen('stranger', options.strangerPort, (call) => answerStranger(core, call));
  } catch (error) {
    await stop();
    throw error;
  }
  const send = makeRedirectingFetch(urls);
  return Object.assign(core, {
    ...urls,
    controlUrl: `${urls.graphUrl}/_control`,
    certificate: identity?.certificate ?? null,
    fetch: send,
    networkModule: makeNetworkModule(send),
    stop,
  });
}

/** Answers as if it were glad to get a token. */
async function answerStranger({ log, clock }: EntraEmulatorCore, call: IncomingCall): Promise<Answer> {
  log.add({
    sequence: log.nextSequence(),
    at: clock.wall(),
    service: 'stranger',
    method: call.method,
    host: call.host,
    path: call.path,
    query: call.query,
    headers: headersOfInterest(call.headers),
    tokenId: null,
    tenantId: null,
    appId: null,
    body: bodyOfInterest(call),
    status: 200,
    cost: 0,
    faults: [],
    batch: null,
  });
  return emptyAnswer(200);
}
