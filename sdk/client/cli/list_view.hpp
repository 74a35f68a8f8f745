#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sdk/client/cli/exit.hpp"
#include "sdk/client/cli/output.hpp"

namespace evenkeel::cli {

using Row = std::vector<std::string>;

// One object when a name was given, else the list. T is one of the client's types, with its `json`.
template <typename T>
Exit show(const Output& output, const Table& table, const std::vector<T>& items, bool one) {
    if (!output.is_data()) {
        output.table(table);
    } else if (one) {
        output.data(items.front().json);
    } else {
        std::vector<std::string> texts;
        for (const T& item : items) texts.push_back(item.json);
        output.data_items(texts);
    }
    return Exit::done;
}

template <typename T>
client::Result<std::vector<T>> as_list(client::Result<T> one) {
    if (!one) return one.error();
    return std::vector<T>{*std::move(one)};
}

}  // namespace evenkeel::cli
