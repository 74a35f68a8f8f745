#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "store.hpp"

// The collection `trays`: every operation of the ABI, right unless EK_DEFECT names the check whose
// rule it breaks.
namespace evenkeel::test {

struct Tray {
    Tray(const ek_host* given, std::string folder) : host(given), store(std::move(folder)) {}

    const ek_host* host;
    Store store;
    sdk::Stamper stamp;
    bool used = false, tired = false;
};

extern const char* const kSchema;
std::string schema_text();

void read(Tray& tray, const sdk::Call& call, std::string_view ids);
void list(Tray& tray, const sdk::Call& call, std::string_view filter);
void apply(Tray& tray, const sdk::Call& call, std::string_view id, std::string_view description);
void remove(Tray& tray, const sdk::Call& call, std::string_view id);
void compare(const sdk::Call& call, std::string_view desired, std::string_view actual);
void upgrade(const sdk::Call& call, std::uint32_t from, std::string_view description);
void normalize(const sdk::Call& call, std::string_view id);

// Lenient where a defect wants it.
json::Document parsed_object(std::string_view text);
std::string state_of(const Fields& fields);

}  // namespace evenkeel::test
