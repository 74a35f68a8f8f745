#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "core/json/json.hpp"
#include "sdk/tool/validate/samples.hpp"

namespace evenkeel::validate {

// Ids and descriptions near those that fit; the same from the same seed.
class Generator {
  public:
    Generator(const Samples& samples, std::uint64_t seed) : samples_(samples), random_(seed) {}

    json::Value description() {
        json::Object made;
        for (const schema::Field& field : samples_.fields()) {
            if (pick(3) == 0) continue;
            const auto variants = samples_.variants(field);
            const bool odd = variants.empty() || pick(4) == 0;
            made.set(field.name, odd ? value(3) : variants[pick(variants.size())][field.name]);
        }
        if (pick(10) == 0) made.set(text(), value(3));
        return made;
    }
    std::string id() { return pick(3) == 0 ? text() : samples_.id(pick(3)); }

  private:
    std::size_t pick(std::size_t many) { return random_() % many; }
    std::string text() {
        static constexpr std::string_view kLetters = "abz09_-./\\ \"'%${}\n\t\x7f";
        std::string made;
        for (std::size_t i = pick(12); i > 0; --i) made += kLetters[pick(kLetters.size())];
        return pick(8) == 0 ? made + "\xc3\xa4\xe2\x82\xac" : made;
    }
    json::Value value(int depth) {
        switch (pick(depth > 0 ? 7 : 5)) {
            case 0:
                return nullptr;
            case 1:
                return pick(2) == 0;
            case 2:
                return static_cast<std::int64_t>(random_());
            case 3:
                return 0.5;
            case 4:
                return text();
            case 5:
                return json::Array{value(depth - 1), value(depth - 1)};
            default:
                return json::Object{{text(), value(depth - 1)}};
        }
    }

    const Samples& samples_;
    std::mt19937_64 random_;
};

}  // namespace evenkeel::validate
