#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/api/outcome.hpp"
#include "orchestrator/state/vault.hpp"

// Lists, a page at a time: {"items","next","revision"}. A cursor is the last key seen, bound to the
// list and its filters, signed, and good for this store only.
namespace evenkeel::api {

inline constexpr std::size_t kPageDefault = 100;
inline constexpr std::size_t kPageMost = 1'000;
// A page ends early when its items have more than this: descriptions may be large.
inline constexpr std::size_t kPageBytesMost = 4 << 20;

// Which page of which list is wanted.
struct PageOrder {
    std::size_t limit = kPageDefault;
    std::string after;  // key of the last entry of the page before; empty = from the start
    std::string list;   // path and filters
};

class Pages {
  public:
    Pages(const state::Vault& vault, std::string stream)
        : vault_(&vault), stream_(std::move(stream)) {}

    // From `limit` and `cursor`: `invalid-parameter`, `bad-cursor`, or `gone` for a cursor of an
    // older stream.
    Checked<PageOrder> read(const http::Request& request) const;

    // Makes the item of an entry; nothing leaves it out.
    using Make = std::function<Checked<std::optional<json::Value>>(std::string_view key,
                                                                   std::string_view value)>;
    // The page of a table's range, with further members of the body in `more`.
    Outcome answer(const state::View& view, const http::Request& request, store::Table table,
                   store::Range range, const Make& make, const json::Object& more = {}) const;

  private:
    std::string cursor(const PageOrder& order, std::string_view key) const;

    const state::Vault* vault_;
    std::string stream_;
};

// `limit` and `cursor`, and those of `names`, for a route's table.
std::vector<http::QueryParameter> page_parameters(std::vector<http::QueryParameter> more = {});

}  // namespace evenkeel::api
