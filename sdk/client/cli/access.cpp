#include <optional>

#include <fcntl.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/input.hpp"
#include "sdk/client/cli/watch.hpp"

// Tokens and enrolments.
namespace evenkeel::cli {
namespace {

json::Value parsed(const std::string& text) {
    return json::parse(text, {.bytes = 64 << 20}).value_or(json::Value());
}

// The items of a list, or the one at `path`/ID.
client::Result<std::vector<std::string>> fetch(
    client::Client& client, const std::string& path, const std::string& id,
    std::vector<std::pair<std::string, std::string>> query) {
    if (id.empty()) return client.list({.path = path, .query = std::move(query)});
    const auto one = client.send({.path = path + "/" + percent_encode(id)});
    if (!one) return one.error();
    return std::vector<std::string>{one->body};
}

std::vector<std::string> row_of(const json::Value& item, const std::vector<std::string>& members) {
    std::vector<std::string> row;
    for (const std::string& member : members) row.push_back(item.string_or(member));
    return row;
}

Exit show(const Output& output, const std::vector<std::string>& items, bool one, Table table,
          const std::vector<std::string>& members) {
    if (output.is_data()) {
        one ? output.data(items.front()) : output.data_items(items);
        return Exit::done;
    }
    for (const std::string& item : items) table.rows.push_back(row_of(parsed(item), members));
    output.table(table);
    return Exit::done;
}

// A new file for a secret, which nobody else has open or can read. It is there before the secret is
// made, and is taken away again unless the secret got into it.
class SecretFile {
  public:
    explicit SecretFile(std::string path) : path_(std::move(path)) {
        if (path_.empty()) return;
        fd_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!fd_) failure_ = local(system_error(errno, path_).what);
    }
    SecretFile(const SecretFile&) = delete;
    SecretFile& operator=(const SecretFile&) = delete;
    ~SecretFile() {
        if (fd_ && !kept_) ::unlink(path_.c_str());
    }

    bool wanted() const { return !path_.empty(); }
    // Why there is none.
    const std::optional<client::Failure>& failure() const { return failure_; }

    client::Result<> keep(const std::string& secret) {
        const auto written = write_all(fd_.get(), secret + "\n");
        kept_ = written && ::fsync(fd_.get()) == 0;
        if (kept_) return {};
        return local(written ? "cannot write " + path_ : written.error().what);
    }

  private:
    static client::Failure local(std::string why) {
        return {.kind = client::Kind::local, .detail = std::move(why)};
    }

    std::string path_;
    Fd fd_;
    std::optional<client::Failure> failure_;
    bool kept_ = false;
};

// POST `path`; the object that it answers with.
client::Result<json::Value> post(client::Client& client, const std::string& path,
                                 const json::Value& body) {
    const auto reply = client.send({.method = "POST", .path = path, .body = json::write(body)});
    if (!reply) return reply.error();
    return parsed(reply->body);
}

}  // namespace

Exit get_tokens(Session& session, const TokenOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto items =
        fetch(**client, "/v1/tokens", options.id,
              {{"filter", options.query.filter}, {"order_by", options.query.order_by}});
    if (!items) return session.fail(items.error());
    return show(session.output(), *items, !options.id.empty(),
                {{"NAME", "ROLE", "STATE", "CREATED", "EXPIRES", "ID"}, {}},
                {"name", "role", "state", "created_at", "expires_at", "id"});
}

Exit create_token(Session& session, const TokenOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    SecretFile file(options.out);
    if (file.failure()) return session.fail(*file.failure());
    json::Object order{{"name", options.name}, {"role", options.role}};
    if (!options.expires_in.empty()) order.set("expires_in", options.expires_in);
    const auto made = post(**client, "/v1/tokens", order);
    if (!made) return session.fail(made.error());
    const std::string id = made->string_or("id");
    const std::string secret = made->string_or("secret");
    if (file.wanted()) {
        const auto kept = file.keep(secret);
        if (!kept) {
            const auto revoked =
                post(**client, "/v1/tokens/" + percent_encode(id) + ":revoke", json::Object{});
            Output::message("token " + id + " was made, but its secret is lost" +
                            (revoked ? ": it is revoked" : "; revoke it"));
            return session.fail(kept.error());
        }
        json::Object shown = made->as_object();
        shown.erase("secret");
        if (session.output().is_data()) session.output().data(json::write(std::move(shown)));
    } else if (session.output().is_data()) {
        session.output().data(json::write(*made));
    } else {
        session.output().text(printable(secret) + "\n");
    }
    Output::message("token " + id + " (" + made->string_or("role") + ") expires at " +
                    made->string_or("expires_at") + "; its secret is shown this once");
    return Exit::done;
}

Exit revoke_token(Session& session, const TokenOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto done =
        post(**client, "/v1/tokens/" + percent_encode(options.id) + ":revoke", json::Object{});
    if (!done) return session.fail(done.error());
    if (session.output().is_data()) session.output().data(json::write(*done));
    Output::message("token " + done->string_or("name") + " counts no more");
    return Exit::done;
}

Exit get_enrolments(Session& session, const EnrolmentOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const Table table{{"NAME", "STATE", "ADDRESS", "ANNOUNCED", "FINGERPRINT", "HOST", "ID"}, {}};
    const std::vector<std::string> members{"name",        "state", "address", "announced_at",
                                           "fingerprint", "host",  "id"};
    client::ListQuery query = options.query;
    if (!options.state.empty()) query = narrowed(query, "state", options.state);
    const bool one = !options.id.empty();
    if (options.watch) {
        if (one) {
            const auto there = fetch(**client, "/v1/enrolments", options.id, {});
            if (!there) return session.fail(there.error());
            query = narrowed(query, "id", options.id);
        }
        return watch(session, {.path = "/v1/enrolments",
                               .query = query,
                               .header = table.header,
                               .row = [&members](const json::Value& item) {
                                   return row_of(item, members);
                               }});
    }
    const auto items = fetch(**client, "/v1/enrolments", options.id,
                             {{"filter", query.filter}, {"order_by", query.order_by}});
    if (!items) return session.fail(items.error());
    return show(session.output(), *items, one, table, members);
}

namespace {

Exit decide(Session& session, const EnrolmentOptions& options, const std::string& verb,
            const json::Object& body) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto done =
        post(**client, "/v1/enrolments/" + percent_encode(options.id) + ":" + verb, body);
    if (!done) return session.fail(done.error());
    if (session.output().is_data()) session.output().data(json::write(*done));
    Output::message(done->string_or("name") + " is " + done->string_or("state"));
    return Exit::done;
}

}  // namespace

Exit accept_enrolment(Session& session, const EnrolmentOptions& options) {
    json::Object body;
    if (!options.name.empty()) body.set("name", options.name);
    auto labels = labels_from(options.labels);
    if (!labels) return Exit::usage;
    if (!labels->empty()) body.set("labels", *std::move(labels));
    return decide(session, options, "accept", body);
}

Exit reject_enrolment(Session& session, const EnrolmentOptions& options) {
    return decide(session, options, "reject", {});
}

}  // namespace evenkeel::cli
