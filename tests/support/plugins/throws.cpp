#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/plugins/fields.hpp"
#include "throws_embedded.hpp"

// Throws what is no Failure, where the text says so and always in a batch and in `remove`: `throws`
// into the wrapper, `escapes` past it and out of the ABI.
namespace evenkeel::test {

class Throws : public Resources<> {
  public:
    static constexpr std::string_view kName = "throws";
    static constexpr std::string_view kSchema = kSchemaText;
    using Resources::Resources;

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const std::string text = text_of(desired);
        if (text == "exception") throw std::runtime_error("the author forgot something");
        if (text == "number") throw 42;
        Resources::apply(call, id, desired);
    }
    void apply_many(const sdk::Call& call, std::string_view entries) {
        call.about(json::entries_of(entries).front().id);
        call.change({"/text", "\"a\"", "\"b\"", 0, EK_ACT_SET, EK_OUT_DONE});
        throw std::runtime_error("the author forgot the rest");
    }
    void remove(const sdk::Call&, std::string_view) { throw 42; }
};

ek_status apply_escapes(ek_instance*, const ek_call*, ek_str, ek_str) {
    throw std::runtime_error("past the wrapper");
}

ek_status apply_many_escapes(ek_instance*, const ek_call*, ek_str) {
    throw std::runtime_error("past the wrapper");
}

constexpr ek_collection escapes() {
    ek_collection table = sdk::detail::kTable<Throws>;
    table.name = sdk::detail::literal("escapes");
    table.apply = apply_escapes;
    table.apply_many = apply_many_escapes;
    return table;
}

constexpr ek_collection kEscapes = escapes();
constexpr const ek_collection* kCollections[] = {&sdk::detail::kTable<Throws>, &kEscapes};

ek_status open(const ek_host* host, const ek_call* call, const ek_collection*, ek_str config,
               ek_instance** instance) {
    return sdk::detail::open<Throws>(host, call, &sdk::detail::kTable<Throws>, config, instance);
}

}  // namespace evenkeel::test

const ek_module* ek_module_v1(void) {
    using evenkeel::sdk::detail::literal;
    static constexpr ek_module module{sizeof(ek_module),
                                      EK_ABI_MAJOR,
                                      EK_ABI_MINOR,
                                      literal("org.evenkeel.test.throws"),
                                      literal("1.2.3"),
                                      literal(kManifest),
                                      evenkeel::test::kCollections,
                                      2,
                                      evenkeel::test::open,
                                      evenkeel::sdk::detail::close};
    return &module;
}
