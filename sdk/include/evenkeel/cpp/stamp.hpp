#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace evenkeel::sdk {

// Makes stamps for ek_item of what a state is made of: SipHash-2-4 with a random key, so that
// nobody who writes what is read can find another state with the same stamp, and the stamp of a
// secret tells nothing. One for each instance of a plugin: the stamps of one mean nothing to
// another. Immutable. [any]
class Stamper {
  public:
    Stamper() {
        std::random_device random;
        for (std::uint64_t& half : key_) half = (std::uint64_t{random()} << 32) | random();
    }

    // `kind`, one letter, keeps stamps apart that are made of different things.
    std::string operator()(char kind, std::string_view bytes) const {
        std::uint64_t hash = hash_of(bytes);
        std::string stamp(1, kind);
        for (int i = 0; i < 8; ++i, hash >>= 8) stamp += static_cast<char>(hash & 0xff);
        return stamp;
    }

  private:
    struct State {
        std::uint64_t v0, v1, v2, v3;

        static std::uint64_t turn(std::uint64_t value, int by) {
            return (value << by) | (value >> (64 - by));
        }
        void round() {
            v0 += v1, v1 = turn(v1, 13) ^ v0, v0 = turn(v0, 32);
            v2 += v3, v3 = turn(v3, 16) ^ v2;
            v0 += v3, v3 = turn(v3, 21) ^ v0;
            v2 += v1, v1 = turn(v1, 17) ^ v2, v2 = turn(v2, 32);
        }
        void add(std::uint64_t word) {
            v3 ^= word;
            round(), round();
            v0 ^= word;
        }
    };

    static std::uint64_t word_of(std::string_view bytes) {  // at most 8, little-endian
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < bytes.size(); ++i)
            word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
        return word;
    }

    std::uint64_t hash_of(std::string_view bytes) const {
        State state{0x736f6d6570736575 ^ key_[0], 0x646f72616e646f6d ^ key_[1],
                    0x6c7967656e657261 ^ key_[0], 0x7465646279746573 ^ key_[1]};
        const std::uint64_t length = std::uint64_t{bytes.size()} << 56;
        for (; bytes.size() >= 8; bytes.remove_prefix(8)) state.add(word_of(bytes.substr(0, 8)));
        state.add(length | word_of(bytes));
        state.v2 ^= 0xff;
        state.round(), state.round(), state.round(), state.round();
        return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
    }

    std::uint64_t key_[2];
};

}  // namespace evenkeel::sdk
