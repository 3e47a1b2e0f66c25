// Programs that send one request. The server renders them with a page's example, and the page renders
// them again with what the reader enters.

/** The languages, by the name of the list that `samplesOf` returns. */
export const LANGUAGES = [
  { id: 'curl', name: 'cURL' },
  { id: 'javascript', name: 'JavaScript' },
  { id: 'python', name: 'Python' },
  { id: 'go', name: 'Go' },
];

/**
 * Writes the programs. Each prints the status and the body of the answer.
 *
 * @param {{ method: string, url: string, headers: [string, string][], body?: string }} request
 * @returns {{ curl: string, javascript: string, python: string, go: string }}
 */
export function samplesOf({ body, ...rest }) {
  // The browser sends half a surrogate pair as U+FFFD; not every language has it in a text.
  const request = { ...rest, ...(body !== undefined && { body: body.toWellFormed() }) };
  return {
    curl: curl(request),
    javascript: javascript(request),
    python: python(request),
    go: go(request),
  };
}

function curl({ method, url, headers, body }) {
  const parts = [
    `curl --include${method === 'GET' ? '' : ` --request ${method}`} ${shellText(url)}`,
    ...headers.map(([name, value]) => `--header ${shellText(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-raw ${shellText(body)}`]),
  ];
  return `${parts.join(' \\\n  ')}\n`;
}

function shellText(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function javascript({ method, url, headers, body }) {
  const value = valueOf(body);
  const text =
    value === undefined ? JSON.stringify(body) : `JSON.stringify(${indented(value, '  ')})`;
  return `const response = await fetch(${JSON.stringify(url)}, {
  method: '${method}',
  headers: ${indented(Object.fromEntries(headers), '  ')},${body === undefined ? '' : `\n  body: ${text},`}
});
console.log(response.status);
console.log(await response.text());
`;
}

function python({ method, url, headers, body }) {
  const value = valueOf(body);
  const text =
    value === undefined ? JSON.stringify(body) : `json.dumps(${pythonValue(value, '    ')})`;
  const data = body === undefined ? '' : `\n    data=${text}.encode(),`;
  return `import json
import urllib.error
import urllib.request

request = urllib.request.Request(
    ${JSON.stringify(url)},
    method="${method}",
    headers=${pythonValue(Object.fromEntries(headers), '    ')},${data}
)
try:
    response = urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    response = error
print(response.status)
print(response.read().decode())
`.replace(body === undefined || value === undefined ? 'import json\n' : '', '');
}

/** A JSON value as Python: texts are written alike, `true`, `false` and `null` are not. */
function pythonValue(value, indent) {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}    `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const items = Array.isArray(value)
    ? value.map((item) => pythonValue(item, inner))
    : Object.entries(value).map(
        ([name, item]) => `${JSON.stringify(name)}: ${pythonValue(item, inner)}`,
      );
  if (items.length === 0) return open + close;
  return `${open}\n${items.map((item) => `${inner}${item},\n`).join('')}${indent}${close}`;
}

function go({ method, url, headers, body }) {
  const reader = body === undefined ? 'nil' : `strings.NewReader(${goText(body)})`;
  const lines = headers.map(
    ([name, value]) => `\trequest.Header.Set(${goQuoted(name)}, ${goQuoted(value)})\n`,
  );
  return `package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
${body === undefined ? '' : '\t"strings"\n'})

func main() {
	request, err := http.NewRequest("${method}", ${JSON.stringify(url)}, ${reader})
	if err != nil {
		log.Fatal(err)
	}
${lines.join('')}	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode)
	fmt.Println(string(answer))
}
`;
}

function goText(text) {
  // A raw text keeps its lines. Go drops U+000D from it.
  return /[`\uFEFF]|(?![\n\t])\p{Cc}/u.test(text) ? goQuoted(text) : `\`${text}\``;
}

function goQuoted(text) {
  // Go allows U+FEFF nowhere but at the start of a file.
  return JSON.stringify(text).replaceAll('\uFEFF', String.raw`\uFEFF`);
}

/** The value of a JSON text; undefined where a literal of the language would be another value. */
function valueOf(body) {
  try {
    const value = JSON.parse(body);
    // Numbers may lose digits, and of two fields with one name only the last stays.
    const isSame = body.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1') === JSON.stringify(value);
    return isSame && !body.includes('"__proto__"') ? value : undefined;
  } catch {
    return undefined;
  }
}

function indented(value, indent) {
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${indent}`);
}
