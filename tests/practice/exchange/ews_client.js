// What ews-javascript-api writes to and reads from the practice Exchange, as one JSON document on standard output.
// Standard input: {library, xhr, url, user, password, auth, to, subject, html, file: {name, base64}, read}.
const crypto = require("crypto");
const order = JSON.parse(require("fs").readFileSync(0, "utf8"));
const ews = require(order.library);

const digest = (base64) => crypto.createHash("sha256").update(Buffer.from(base64, "base64")).digest("hex");

function service() {
  const made = new ews.ExchangeService(ews.ExchangeVersion.Exchange2013);
  made.Url = new ews.Uri(order.url);
  made.Credentials = new ews.WebCredentials(order.user, order.password);
  if (order.auth === "ntlm") {
    const { XhrApi } = require(order.xhr);
    made.XHRApi = new XhrApi({}).useNtlmAuthentication(order.user, order.password);
  }
  return made;
}

async function found(exchange, folder, subject) {
  const filter = new ews.SearchFilter.IsEqualTo(ews.ItemSchema.Subject, subject);
  const page = await exchange.FindItems(folder, filter, new ews.ItemView(10));
  return page.Items;
}

async function told(item) {
  const wanted = [ews.ItemSchema.MimeContent, ews.ItemSchema.Attachments, ews.ItemSchema.Subject];
  await item.Load(new ews.PropertySet(ews.BasePropertySet.FirstClassProperties, wanted));
  const files = {};
  for (const one of item.Attachments.Items) {
    await one.Load();
    files[one.Name] = digest(one.Base64Content);
  }
  return { subject: item.Subject, id: item.Id.UniqueId, mime: digest(item.MimeContent.Content), files };
}

async function main() {
  const exchange = service();
  const draft = new ews.EmailMessage(exchange);
  draft.Subject = order.subject;
  // the library writes a body into its XML as it is: markup must be escaped by the caller, or the schema refuses it
  const html = order.html.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  draft.Body = new ews.MessageBody(ews.BodyType.HTML, html);
  draft.ToRecipients.Add(order.to);
  await draft.Save(ews.WellKnownFolderName.Drafts);
  draft.Attachments.AddFileAttachment(order.file.name, order.file.base64);
  await draft.Update(ews.ConflictResolutionMode.AutoResolve);
  const drafts = (await found(exchange, ews.WellKnownFolderName.Drafts, order.subject)).length;
  await draft.SendAndSaveCopy();
  const left = (await found(exchange, ews.WellKnownFolderName.Drafts, order.subject)).length;
  const [copy] = await found(exchange, ews.WellKnownFolderName.SentItems, order.subject);
  const sent = await told(copy);
  const folder = new ews.Folder(exchange);
  folder.DisplayName = order.folder;
  await folder.Save(ews.WellKnownFolderName.MsgFolderRoot);
  await copy.Move(folder.Id);
  const [moved] = await found(exchange, folder.Id, order.subject);
  const [mail] = await found(exchange, ews.WellKnownFolderName.Inbox, order.read);
  return { drafts, left, sent, moved: await told(moved), read: await told(mail) };
}

main().then(
  (result) => process.stdout.write(JSON.stringify(result)),
  (error) => {
    process.stderr.write(String((error && (error.stack || error.message)) || error) + "\n" + JSON.stringify(error).slice(0, 2000));
    process.exit(1);
  },
);
