import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { openJournal } from '../../simulator/journal.ts';

// An organization's receiver of webhooks, as a process that the run can kill. It writes each webhook to
// its disk before it answers with 204. It verifies nothing: `receipts.ts` verifies the file.

const { journal } = await openJournal(process.env['RECEIVER_FILE'] ?? '');
const server = http.createServer((request, response) => {
  const at = Date.now();
  buffer(request)
    .then(async (raw) => {
      const { headers } = request;
      await journal.append(JSON.stringify({ at, headers, body: raw.toString('base64') }));
      response.writeHead(204).end();
    })
    .catch(() => request.destroy());
});
server.listen(Number(process.env['RECEIVER_PORT']), '127.0.0.1', () => process.send?.('ready'));
process.channel?.unref();
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close(() => process.exit(0));
});
