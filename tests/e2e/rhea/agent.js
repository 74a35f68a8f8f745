// A small agent for docs/bus-protocol.md on an AMQP library that shares no code with ours. It
// enrols, says hello, holds descriptions in memory, answers commands, and reports drift when told
// to on standard input. Each thing that happens is one JSON line on standard output.
//
//   node agent.js HOST ENROL_PORT BUS_PORT CA_FILE TOKEN_FILE FOLDER
//
// Lines understood on standard input: `drift COLLECTION ID`, `quit`.
'use strict';
const { execFileSync } = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const readline = require('readline');
const rhea = require('rhea');

const [host, enrolPort, busPort, caFile, tokenFile, folder] = process.argv.slice(2);
const say = (what, more = {}) => process.stdout.write(JSON.stringify({ what, ...more }) + '\n');
const now = () => new Date().toISOString();
const tls = {
    transport: 'tls',
    host,
    servername: 'evenkeel-orchestrator',
    reconnect: false,
    ca: [fs.readFileSync(caFile)],
    max_frame_size: 65536,
    idle_time_out: 30000,
};

function enrol() {
    const key = path.join(folder, 'host.key');
    const csr = path.join(folder, 'host.csr');
    execFileSync(
        'openssl',
        [
            'req',
            '-new',
            '-newkey',
            'ec',
            '-pkeyopt',
            'ec_paramgen_curve:P-256',
            '-nodes',
            '-subj',
            '/CN=rhea',
            '-keyout',
            key,
            '-out',
            csr,
        ],
        { stdio: 'ignore' },
    );
    return new Promise((resolve, reject) => {
        const container = rhea.create_container();
        const connection = container.connect({
            ...tls,
            port: Number(enrolPort),
            username: 'anonymous',
        });
        connection.open_receiver({ source: { dynamic: true } });
        container.on('receiver_open', ({ receiver }) => {
            const sender = connection.open_sender('evenkeel.enrol');
            sender.once('sendable', () =>
                sender.send({
                    reply_to: receiver.source.address,
                    correlation_id: '1',
                    body: JSON.stringify({
                        type: 'enrol',
                        token: fs.readFileSync(tokenFile, 'utf8').trim(),
                        csr: fs.readFileSync(csr, 'utf8'),
                        name: 'rhea',
                        machine_id: 'none',
                        version: '0',
                        facts: {},
                    }),
                }),
            );
        });
        container.on('message', ({ message }) => {
            connection.close();
            const answer = JSON.parse(message.body);
            if (answer.type === 'enrolled') resolve({ ...answer, key: fs.readFileSync(key) });
            else reject(new Error(answer.error.detail));
        });
        container.on('disconnected', ({ error }) => error && reject(error));
    });
}

class Agent {
    constructor(identity) {
        this.identity = identity;
        this.stream = 'stream_' + crypto.randomUUID();
        this.seq = 0;
        this.held = new Map(); // "collection\0id" -> entry of the command
        this.mark = { stream: '', seq: 0 };
    }

    start() {
        const container = rhea.create_container();
        container.on('connection_error', ({ connection }) =>
            say('refused', { error: String(connection.error) }),
        );
        container.on('disconnected', ({ error }) =>
            say('disconnected', { error: error ? String(error) : null }),
        );
        const connection = container.connect({
            ...tls,
            port: Number(busPort),
            cert: this.identity.certificate,
            key: this.identity.key,
            enable_sasl_external: true,
        });
        this.connection = connection;
        this.events = connection.open_sender('evenkeel.events');
        this.replies = connection.open_sender('evenkeel.replies');
        // Acceptance is ours to give: only once the message has been taken over.
        const receiver = connection.open_receiver({
            source: 'evenkeel.agent.' + this.identity.host,
            autoaccept: false,
            credit_window: 10,
        });
        this.events.on('accepted', () => say('accepted'));
        receiver.on('message', (context) => this.take(context));
        receiver.on('receiver_open', () => this.whenSendable(() => this.hello()));
    }

    whenSendable(then) {
        if (this.events.sendable()) then();
        else this.events.once('sendable', then);
    }

    send(sender, body, properties = {}) {
        sender.send({ durable: true, ...properties, body: JSON.stringify(body) });
    }

    hello() {
        const schema = this.schema();
        this.send(this.events, {
            type: 'hello',
            protocol: { min: 1, max: 1 },
            capabilities: [],
            version: '0',
            stream: this.stream,
            boot_id: 'none',
            name: 'rhea',
            facts: {},
            commands: this.mark,
            collections: [
                {
                    name: 'notes',
                    plugin: 'rhea 0',
                    schema_version: 1,
                    schema_sha256: crypto.createHash('sha256').update(schema).digest('hex'),
                },
            ],
        });
    }

    schema() {
        return JSON.stringify({
            type: 'object',
            additionalProperties: false,
            'x-ek-key': { pattern: '^[a-z]+$' },
            properties: { text: { type: 'string', description: 'What the note says.' } },
        });
    }

    take({ message, delivery }) {
        const body = JSON.parse(message.body);
        const handler = {
            hello: () => this.onHello(body),
            command: () => this.onCommand(body),
            request: () => this.onRequest(body, message),
        }[body.type];
        if (handler) handler();
        delivery.accept();
    }

    onHello(body) {
        say('hello', { host: body.host, heartbeat_ms: body.heartbeat_ms });
        this.mark = {
            stream: body.stream,
            seq: this.mark.stream === body.stream ? this.mark.seq : 0,
        };
        this.digest();
        this.heartbeat = setInterval(
            () => this.send(this.events, { type: 'heartbeat' }),
            body.heartbeat_ms,
        ).unref();
    }

    digest() {
        const lines = [...this.held.values()]
            .sort((a, b) =>
                Buffer.compare(
                    Buffer.from(a.collection + '\0' + a.id),
                    Buffer.from(b.collection + '\0' + b.id),
                ),
            )
            .map(
                (e) =>
                    JSON.stringify([
                        e.collection,
                        e.id,
                        e.generation.stream,
                        e.generation.revision,
                    ]) + '\n',
            );
        this.send(this.events, {
            type: 'digest',
            stream: this.mark.stream,
            count: lines.length,
            sha256: crypto.createHash('sha256').update(lines.join('')).digest('hex'),
        });
    }

    onCommand(command) {
        if (command.seq <= this.mark.seq) return;
        this.mark.seq = command.seq;
        say('command', { verb: command.verb, id: command.id });
        const resources = command.resources.map((entry) => {
            const name = entry.collection + '\0' + entry.id;
            const before = this.held.get(name);
            if (command.verb === 'apply') this.held.set(name, entry);
            else this.held.delete(name);
            const after = command.verb === 'apply' ? entry.description.text : null;
            return {
                collection: entry.collection,
                id: entry.id,
                generation: entry.generation,
                outcome: 'done',
                changes: [
                    {
                        path: '/text',
                        before: before ? before.description.text : null,
                        after,
                        action: before ? 'set' : 'add',
                        outcome: 'done',
                    },
                ],
                error: null,
                state: after === null ? null : { text: after },
                compliance: this.compliance('compliant', [], 'apply'),
            };
        });
        this.event('command.outcome', {
            command: command.id,
            state: 'succeeded',
            resources,
            error: null,
        });
    }

    onRequest(request, message) {
        const results = {
            schema: () => ({
                schema: this.schema(),
                schema_version: 1,
                schema_sha256: crypto.createHash('sha256').update(this.schema()).digest('hex'),
            }),
            inventory: () => ({
                items: [...this.held.values()].map(({ collection, id, generation }) => ({
                    collection,
                    id,
                    generation,
                })),
                next: null,
            }),
            read: () => ({
                items: request.arguments.ids
                    .filter((id) => this.held.has(request.arguments.collection + '\0' + id))
                    .map((id) => ({
                        id,
                        state: {
                            text: this.held.get(request.arguments.collection + '\0' + id)
                                .description.text,
                        },
                    })),
            }),
        };
        const make = results[request.verb];
        const reply = make
            ? { type: 'reply', result: make() }
            : { type: 'reply', error: { code: 'unsupported', detail: 'no such request here' } };
        this.send(this.replies, reply, {
            to: message.reply_to,
            correlation_id: message.correlation_id,
        });
    }

    compliance(status, fields, seen_by) {
        return { status, reason: null, fields, since: now(), seen_by };
    }

    event(kind, data) {
        this.seq += 1;
        this.send(this.events, {
            type: 'event',
            stream: this.stream,
            seq: this.seq,
            kind,
            time: now(),
            data,
        });
    }

    drift(collection, id) {
        const entry = this.held.get(collection + '\0' + id);
        const fields = [{ path: '/text', expected: entry.description.text, actual: 'scribbled' }];
        this.event('resource.drifted', {
            collection,
            id,
            policy: entry.policy,
            generation: entry.generation,
            compliance: this.compliance('drifted', fields, 'event'),
            changes: [],
            state: { text: 'scribbled' },
        });
    }
}

enrol()
    .then((identity) => {
        say('enrolled', { host: identity.host });
        const agent = new Agent(identity);
        agent.start();
        readline.createInterface({ input: process.stdin }).on('line', (line) => {
            const [word, collection, id] = line.split(' ');
            if (word === 'drift') agent.drift(collection, id);
            if (word === 'quit') {
                agent.connection.close();
                setTimeout(() => process.exit(0), 200);
            }
        });
    })
    .catch((error) => {
        say('failed', { error: String(error.message || error) });
        process.exit(1);
    });
