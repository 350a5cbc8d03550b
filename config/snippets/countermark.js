// Signed markers: see README.md beside this file.
'use strict';
const crypto = require('crypto');
const fs = require('fs');

function key() {
  const bytes = fs.readFileSync(process.env.COUNTERMARK_KEY_FILE || '/etc/countermark/marker.key');
  const text = bytes.toString('latin1').replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
  return Buffer.from(text, 'latin1');
}

// VALUE.SIGNATURE; `request` is the field Countermark-Request, undefined: not bound.
function signed(value, request) {
  const text = request !== undefined ? `${value}|${request}` : value;
  const digest = crypto.createHmac('sha256', key()).update(text).digest('base64');
  return value + '.' + digest.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

function meta(value, request) {
  const text = signed(value, request).replace(/&/g, '&amp;').replace(/"/g, '&quot;')
    .replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `<meta name="user-marker" content="${text}">`;
}

module.exports = { signed, meta };
