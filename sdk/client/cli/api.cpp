#include <algorithm>
#include <cctype>

#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/failure.hpp"
#include "sdk/client/cli/input.hpp"

namespace evenkeel::cli {
namespace {

client::Result<client::Request> request_of(const ApiOptions& options) {
    client::Request request{.method = options.method, .path = options.path};
    std::transform(request.method.begin(), request.method.end(), request.method.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (!request.path.starts_with('/')) return local("PATH starts with /, like /v1/hosts");
    const auto is_visible = [](char c) { return c > ' ' && c < '\x7f'; };
    if (!std::all_of(request.path.begin(), request.path.end(), is_visible)) {
        return local("PATH is percent-encoded: no blanks, only ASCII");
    }
    if (request.method == "PATCH") request.content_type = "application/merge-patch+json";
    for (const std::string& header : options.headers) {
        const std::size_t colon = header.find(':');
        if (colon == std::string::npos || colon == 0 ||
            header.find_first_of("\r\n\0") != header.npos) {
            return local("a header is like 'Name: value'");
        }
        const std::size_t value = std::min(header.find_first_not_of(' ', colon + 1), header.size());
        request.headers[header.substr(0, colon)] = header.substr(value);
    }
    request.body = options.data;
    if (options.data.starts_with('@')) {
        auto data = read_input(options.data.substr(1));
        if (!data) return data.error();
        request.body = *std::move(data);
    }
    return request;
}

}  // namespace

Exit api(Session& session, const ApiOptions& options) {
    auto request = request_of(options);
    if (!request) {
        session.fail(request.error());
        return Exit::usage;
    }
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto reply = (*client)->send(*request);
    if (!reply) {
        // The problem document is the answer's data; the line on standard error is for people.
        if (!reply.error().json.empty()) session.output().json(reply.error().json);
        return session.fail(reply.error());
    }
    if (options.include) {
        Output::message("status " + std::to_string(reply->status));
        for (const auto& [name, value] : reply->headers) Output::message(name + ": " + value);
    }
    const auto type = reply->headers.find("content-type");
    const bool is_json =
        type != reply->headers.end() && type->second.find("json") != std::string::npos;
    if (!is_json) session.output().foreign(reply->body);
    else if (session.output().is_data()) session.output().data(reply->body);
    else session.output().json(reply->body);
    return Exit::done;
}

}  // namespace evenkeel::cli
