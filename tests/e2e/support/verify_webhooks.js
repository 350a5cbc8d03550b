// Reads [{secret, headers, body}] and writes for each whether the package `standardwebhooks` accepts it.
const { Webhook } = require("standardwebhooks");

const verdicts = JSON.parse(require("fs").readFileSync(0, "utf-8")).map(({ secret, headers, body }) => {
  try {
    new Webhook(secret).verify(body, headers);
    return "";
  } catch (error) {
    return error.message;
  }
});
process.stdout.write(JSON.stringify(verdicts));
