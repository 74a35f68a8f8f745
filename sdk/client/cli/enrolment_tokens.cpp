#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/input.hpp"

// What new hosts enrol with.
namespace evenkeel::cli {
namespace {

constexpr const char* kPath = "/v1/enrolment-tokens";

// Who has let it count, or that somebody has to.
std::string approval_of(const json::Value& token) {
    const std::string by = token.string_or("approved_by");
    if (!by.empty()) return "by " + by;
    return token.bool_or("requires_approval") ? "needed" : "";
}

std::vector<std::string> row_of(const std::string& token) {
    const auto parsed = json::parse(token);
    const json::Value& item = parsed ? *parsed : json::Value();
    return {item.string_or("name"),
            std::to_string(item.integer_or("uses_left")) + " of " +
                std::to_string(item.integer_or("uses")),
            item.string_or("created_at"),
            item.string_or("expires_at"),
            approval_of(item),
            item.string_or("id")};
}

}  // namespace

Exit create_enrolment_token(Session& session, const ManageOptions& options) {
    auto labels = labels_from(options.labels);
    if (!labels) return Exit::usage;
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto token = (*client)->create_enrolment_token(
        options.name, options.uses, options.expires_in, json::write(*std::move(labels)),
        options.replaces, options.environment);
    if (!token) return session.fail(token.error());
    if (session.output().is_data()) session.output().data(token->json);
    else session.output().foreign(token->install + "\n");
    Output::message("enrolment token " + token->id + ": run the line on the new host; " +
                    "its secret is shown this once and ends in " + options.expires_in);
    if (token->requires_approval) {
        Output::message(
            "no host comes in with it before somebody else approves it: "
            "ek approve enrolment-token " +
            token->id);
    }
    return Exit::done;
}

Exit get_enrolment_tokens(Session& session, const TokenOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const bool one = !options.id.empty();
    std::vector<std::string> items;
    if (one) {
        auto token =
            (*client)->send({.path = std::string(kPath) + "/" + percent_encode(options.id)});
        if (!token) return session.fail(token.error());
        items.push_back(std::move(token->body));
    } else {
        auto list = (*client)->list(
            {.path = kPath,
             .query = {{"filter", options.query.filter}, {"order_by", options.query.order_by}}});
        if (!list) return session.fail(list.error());
        items = *std::move(list);
    }
    if (session.output().is_data()) {
        one ? session.output().data(items.front()) : session.output().data_items(items);
        return Exit::done;
    }
    Table table{{"NAME", "USES LEFT", "CREATED", "EXPIRES", "APPROVAL", {"ID", Column::Room::kept}},
                {}};
    for (const std::string& item : items) table.rows.push_back(row_of(item));
    session.output().table(table);
    return Exit::done;
}

Exit approve_enrolment_token(Session& session, const TokenOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto approved = (*client)->approve_enrolment_token(options.id);
    if (!approved) return session.fail(approved.error());
    if (session.output().is_data()) session.output().data(approved->json);
    Output::message("enrolment token " + options.id + " is approved: hosts may enrol with it");
    return Exit::done;
}

Exit revoke_enrolment_token(Session& session, const TokenOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto done = (*client)->send(
        {.method = "DELETE", .path = std::string(kPath) + "/" + percent_encode(options.id)});
    if (!done) return session.fail(done.error());
    Output::message("enrolment token " + options.id + " counts no more; hosts that used it stay");
    return Exit::done;
}

Exit get_ca(Session& session, const ManageOptions&) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto reply = (*client)->send({.path = "/v1/ca"});
    if (!reply) return session.fail(reply.error());
    const auto told = json::parse(reply->body);
    if (session.output().is_data() || !told) {
        session.output().data(reply->body);
        return Exit::done;
    }
    session.output().table({{{"SHA256", Column::Room::kept}, {"ADDRESS", Column::Room::kept}},
                            {{told->string_or("sha256"), told->string_or("address")}}});
    return Exit::done;
}

}  // namespace evenkeel::cli
