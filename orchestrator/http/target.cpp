#include "orchestrator/http/target.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "core/base/text.hpp"

namespace evenkeel::http {

namespace {

// The text with its %XX decoded; nothing when the result is no UTF-8 or contains NUL.
std::optional<std::string> decode(std::string_view raw) {
    Result<std::string> text = percent_decode(raw);
    if (!text || !is_utf8(*text) || text->find('\0') != std::string::npos) return std::nullopt;
    return *std::move(text);
}

std::optional<Problem> read_path(std::string_view path, Request& request) {
    request.raw_segments = split(path.substr(1), '/');
    if (request.method == "POST") {
        std::string& last = request.raw_segments.back();
        if (const std::size_t colon = last.rfind(':'); colon != std::string::npos) {
            request.verb = last.substr(colon + 1);
            last.resize(colon);
        }
    }
    for (const std::string& raw : request.raw_segments) {
        std::optional<std::string> text = decode(raw);
        if (!text) {
            return Problem{Code::invalid_id, "a segment of the path is not UTF-8 text without NUL"};
        }
        request.segments.push_back(*std::move(text));
    }
    return std::nullopt;
}

std::optional<Problem> read_query(std::string_view query, Request& request) {
    for (const std::string& item : split(query, '&')) {
        if (item.empty()) continue;
        // Forms and most clients write a space as '+'; a real plus comes as %2B.
        std::string raw = item;
        for (char& c : raw) c = c == '+' ? ' ' : c;
        const std::size_t equals = raw.find('=');
        const auto name = decode(raw.substr(0, equals));
        const auto value = decode(equals == std::string::npos ? "" : raw.substr(equals + 1));
        if (!name || !value) {
            return Problem{Code::invalid_parameter,
                           "a query parameter is not UTF-8 text without NUL"};
        }
        if (*name == "token") {
            return Problem{Code::unknown_parameter,
                           "a token never goes into the URL; send it as Authorization: Bearer"};
        }
        if (!request.query.emplace(*name, *value).second) {
            return Problem{Code::invalid_parameter,
                           "the query parameter " + printable(*name) + " is there twice"};
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<Problem> read_target(std::string_view target, Request& request) {
    const auto url = boost::urls::parse_origin_form({target.data(), target.size()});
    if (!url) {
        return Problem{Code::bad_request,
                       "the request target is not a path and query as RFC 3986 has them"};
    }
    const std::size_t mark = target.find('?');
    request.target = target.substr(0, mark);
    if (auto problem = read_path(request.target, request)) return problem;
    if (mark == std::string_view::npos) return std::nullopt;
    return read_query(target.substr(mark + 1), request);
}

}  // namespace evenkeel::http
