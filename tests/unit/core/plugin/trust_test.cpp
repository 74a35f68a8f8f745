#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <elf.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/os_release.hpp"
#include "core/plugin/collection.hpp"
#include "core/plugin/package.hpp"
#include "core/plugin/remote/plugin_user.hpp"
#include "core/plugin/sums.hpp"
#include "tests/unit/core/plugin/plugin_copy.hpp"

namespace evenkeel::plugin {
namespace {

// What is refused before any code of the plugin has run.
class TrustTest : public PluginCopy {
  protected:
    void sign(const crypto::SigningKey& key) {
        Sums sums = Sums::parse(read_file(path("memory.sum.json")).value()).value();
        sums.sign(key);
        ASSERT_TRUE(write_file(path("memory.sum.json"), sums.text(), 0644));
    }
    static LoadOptions strict(const crypto::SigningKey& key) {
        LoadOptions options = test_options();
        options.require_signatures = true;
        options.keys.push_back(key.verify_key());
        return options;
    }
    // One byte, or two, of the shared object.
    void patch(std::size_t at, const std::string& bytes) {
        std::string object = read_file(path("memory.so"), 1u << 28).value();
        object.replace(at, bytes.size(), bytes);
        ASSERT_TRUE(write_file(path("memory.so"), object, 0755));
        sum_again();
    }
    void for_platforms(const std::string& list) {
        replace("memory.manifest.json", "\"id\"", "\"platforms\": " + list + ", \"id\"");
        sum_again();
    }

    const crypto::SigningKey key_ = crypto::SigningKey::generate();
};

TEST_F(TrustTest, WhatIsSignedByAListedKeyIsLoaded) {
    sign(key_);
    EXPECT_EQ(refusal(strict(key_)), "it was loaded");
    const auto package = find_package({folder()}, "memory", strict(key_));
    EXPECT_EQ(package->signed_by, key_.verify_key().id());
    EXPECT_EQ(load({folder()}, "memory", strict(key_))->front()->signed_by(),
              key_.verify_key().id());
    EXPECT_EQ(load({folder()}, "memory", test_options())->front()->signed_by(), "");
}

TEST_F(TrustTest, UnsignedIsRefusedWhereSignaturesAreRequired) {
    EXPECT_EQ(refusal(strict(key_)),
              path("memory.sum.json") +
                  " is not signed, and this host loads signed plugins only: sign it with ek-plugin "
                  "sign, or get one that is");
    EXPECT_EQ(refusal(), "it was loaded");
}

TEST_F(TrustTest, AnotherKeyIsRefusedAndNamed) {
    const crypto::SigningKey other = crypto::SigningKey::generate();
    sign(other);
    EXPECT_EQ(refusal(strict(key_)), path("memory.sum.json") + " is signed by key " +
                                         other.verify_key().id() +
                                         ", which is none of plugin_keys: add the key there if "
                                         "you trust it");
    EXPECT_EQ(refusal(), "it was loaded");
}

TEST_F(TrustTest, ASignatureOverOtherSumsIsRefusedEvenWhereNoneIsRequired) {
    sign(key_);
    const auto signed_text = read_file(path("memory.sum.json")).value();
    replace("memory.manifest.json", "\"network\": false", "\"network\": true");
    sum_again();
    // The old signature with the new sums.
    const json::Value old = json::parse(signed_text).value();
    json::Value now = json::parse(read_file(path("memory.sum.json")).value()).value();
    now.as_object().set("signature", old["signature"]);
    ASSERT_TRUE(write_file(path("memory.sum.json"), json::write(now), 0644));
    LoadOptions options = strict(key_);
    options.require_signatures = false;
    EXPECT_EQ(refusal(options), "the signature in " + path("memory.sum.json") +
                                    " is not that of key " + key_.verify_key().id() +
                                    " over these sums; install the plugin again");
}

TEST_F(TrustTest, ABrokenSignatureIsRefused) {
    replace("memory.sum.json", "\"sha256\"", "\"signature\":{\"key\":\"x\"},\"sha256\"");
    expect_refusal("is no sum file: its signature has no key or no ed25519; install");
}

TEST_F(TrustTest, AnotherMachineIsRefusedByName) {
    const std::string object = read_file(path("memory.so"), 1u << 28).value();
    const bool is_arm = static_cast<unsigned char>(object[18]) == EM_AARCH64;
    patch(18, std::string{static_cast<char>(is_arm ? EM_X86_64 : EM_AARCH64), '\0'});
    expect_refusal(is_arm ? "is built for x86-64" : "is built for aarch64");
    expect_refusal(": install the plugin for this machine");
}

TEST_F(TrustTest, WhatIsNoSharedObjectIsRefused) {
    patch(16, std::string{ET_REL, '\0'});
    expect_refusal("memory.so is no shared object");
    ASSERT_TRUE(write_file(path("memory.so"), "not an ELF file", 0755));
    sum_again();
    expect_refusal("memory.so is no ELF file: install the plugin for this machine");
    ASSERT_TRUE(write_file(path("memory.so"), "", 0755));
    sum_again();
    expect_refusal("memory.so is no ELF file");
}

TEST_F(TrustTest, AnotherPlatformIsRefused) {
    for_platforms("[\"plan9\", \"haiku\"]");
    expect_refusal("plugin memory is for plan9 and haiku and this machine is ");
}

TEST_F(TrustTest, OnePlatformOfSeveralIsEnough) {
    const std::string here = os_release_value(read_os_release(), "ID");
    ASSERT_FALSE(here.empty());
    for_platforms("[\"plan9\", \"" + here + "\"]");
    EXPECT_TRUE(find_package({folder()}, "memory", test_options()));
}

TEST_F(TrustTest, EveryReasonIsFound) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    ASSERT_EQ(::chown(path("memory.so").c_str(), 1234, 0), 0);
    for_platforms("[\"plan9\"]");
    ::chmod(path("memory.sum.json").c_str(), 0666);
    const Inspection found = inspect_package(path("memory"), strict(key_));
    EXPECT_EQ(found.refusals.size(), 3u);
    EXPECT_EQ(found.package.version, "1.2.3");
}

// Who reads it in `evenkeel-agent plugins` or from `ek-plugin doctor` has nothing else.
class Refusals : public TrustTest {
  protected:
    struct Row {
        const char* wrong;
        std::function<void()> make;
        bool is_strict = false;
    };
    void write(const std::string& file, const std::string& text) {
        EXPECT_TRUE(write_file(path(file), text, 0644));
    }
    std::string emptied(const std::string& file) {
        std::filesystem::remove(path(file));
        return path(file);
    }
    void say(const std::string& from, const std::string& to) {
        replace("memory.manifest.json", from, to);
        sum_again();
    }
    void expect_sentences(const std::vector<Row>& rows) {
        for (const Row& row : rows) {
            SCOPED_TRACE(row.wrong);
            lay_out();
            row.make();
            const std::string sentence = refusal(row.is_strict ? strict(key_) : test_options());
            EXPECT_NE(sentence.find(row.wrong), sentence.npos) << sentence;
            EXPECT_TRUE(says_what_to_do(sentence)) << sentence;
            EXPECT_EQ(sentence.find_first_of("\n\r\x1b"), sentence.npos) << sentence;
            EXPECT_EQ(sentence.find(". "), sentence.npos) << sentence;
        }
    }
    static bool says_what_to_do(const std::string& sentence) {
        static constexpr const char* kWords[] = {"install ", "build ", "chmod ", "chown ",
                                                 "put ",     "leave ", "sign ",  "add ",
                                                 "report ",  "to see "};
        return std::any_of(std::begin(kWords), std::end(kWords), [&](const std::string& word) {
            return sentence.find(": " + word) != sentence.npos ||
                   sentence.find("; " + word) != sentence.npos ||
                   sentence.find(", " + word) != sentence.npos;
        });
    }
};

TEST_F(Refusals, OfFilesSayWhatToDo) {
    const crypto::SigningKey other = crypto::SigningKey::generate();
    const std::string manifest = "memory.manifest.json", sums = "memory.sum.json";
    expect_sentences({
        {"no plugin \"memory\" in ", [&] { emptied(manifest); }},
        {"cannot open ", [&] { emptied("memory.so"); }},
        {"cannot open ", [&] { emptied(sums); }},
        {"is a symlink", [&] { std::filesystem::create_symlink("x", emptied(sums)); }},
        {"is no regular file", [&] { std::filesystem::create_directory(emptied(sums)); }},
        {"can be written by others", [&] { ::chmod(path("memory.so").c_str(), 0666); }},
        {"can be written by others", [&] { ::chmod(folder().c_str(), 0777); }},
        {"is too large", [&] { write(manifest, std::string((1 << 20) + 1, ' ')); }},
        {"is no plugin manifest: ", [&] { write(manifest, "{"); }},
        {"is no ELF file",
         [&] {
             write("memory.so", "x");
             sum_again();
         }},
        {"is no shared object",
         [&] {
             patch(16, std::string{ET_REL, '\0'});
         }},
        {"is built for ",
         [&] {
             patch(18, std::string{static_cast<char>(EM_S390), '\0'});
         }},
        {"is not what ", [&] { write(sums, R"({"sha256":{}})"); }},
        {"is no sum file: ", [&] { write(sums, "[]"); }},
        {"is not signed", [] {}, true},
        {"is none of plugin_keys", [&] { sign(other); }, true},
        {"is built for ABI 2", [&] { say("{\"major\": 1", "{\"major\": 2"); }},
        {"the manifest inside differs", [&] { say("\"network\": false", "\"network\": true"); }},
    });
}

TEST_F(Refusals, OfManifestsSayWhatToDo) {
    expect_sentences({
        {"it lacks id or version", [&] { say("\"1.2.3\"", "\"\""); }},
        {"its version is none such as", [&] { say("\"1.2.3\"", "\"1.2\\n3\""); }},
        {"collections is no list",
         [&] { say("\"collections\": [", "\"collections\": 1, \"x\": ["); }},
        {"it lists no collections", [&] { say("\"collections\"", "\"x\""); }},
        {"permissions.network is not true or false",
         [&] { say("\"network\": false", "\"network\": 0"); }},
        {"permissions.paths: \"x\" is no absolute path",
         [&] { say("\"paths\": []", "\"paths\": [\"x\"]"); }},
        {"permissions.paths has what is no text", [&] { say("\"paths\": []", "\"paths\": [1]"); }},
        {"is for plan9 and this machine is ", [&] { for_platforms("[\"plan9\"]"); }},
        {"lists no \"platforms\"", [&] { for_platforms("[]"); }},
    });
}

TEST_F(Refusals, OfProcessesSayWhatToDo) {
    lay_out();
    LoadOptions options = test_options();
    for (const auto& [program, wrong] :
         {std::pair("/absent", "cannot start /absent"), std::pair("/usr/bin/true", "its process "),
          std::pair(PLUGIN_HOST, "misbehaves: ")}) {
        options.isolation.emplace().program = program;
        if (std::string(program) == PLUGIN_HOST) say("\"network\": false", "\"network\": true");
        const std::string sentence = refusal(options);
        EXPECT_NE(sentence.find(wrong), sentence.npos) << sentence;
        EXPECT_TRUE(says_what_to_do(sentence)) << sentence;
    }
}

TEST_F(Refusals, OfUsersSayWhatToDo) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root gives plugins users";
    const std::string data = folder() + "/data";
    const auto sentence_of = [&](const std::string& plugin) {
        const auto user = give_user(plugin, data + "/" + plugin);
        return user ? "it has one" : user.error().what;
    };
    const auto expect = [&](const std::string& sentence, const std::string& wrong) {
        EXPECT_NE(sentence.find(wrong), sentence.npos) << sentence;
        EXPECT_TRUE(says_what_to_do(sentence)) << sentence;
    };
    expect(sentence_of("absent"), "cannot look at ");
    ASSERT_TRUE(make_folder(data + "/mine", 0700));
    std::string sentence;
    std::thread without_rights([&] {
        // Of this thread alone.
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        const __user_cap_data_struct none[2]{};
        ::syscall(SYS_capset, &header, none);
        sentence = sentence_of("mine");
    });
    without_rights.join();
    expect(sentence, "cannot give ");
    for (std::uint32_t uid = PluginUser::kFirst; uid <= PluginUser::kLast; ++uid) {
        const std::string each = data + "/" + std::to_string(uid);
        ASSERT_TRUE(make_folder(each, 0700));
        ASSERT_EQ(::chown(each.c_str(), uid, uid), 0);
    }
    expect(sentence_of("mine"), "no user is left ");
}

TEST_F(TrustTest, AFileThatIsReplacedAfterItWasHashedIsFound) {
    const auto package = find_package({folder()}, "memory", test_options());
    ASSERT_TRUE(package) << package.error().what;
    EXPECT_TRUE(require_same_object(*package));
    std::filesystem::copy_file(path("memory.so"), path("newer.so"));
    std::filesystem::rename(path("newer.so"), path("memory.so"));
    EXPECT_EQ(require_same_object(*package).error().code, Errc::stale);
}

TEST_F(TrustTest, AFileThatIsWrittenToAfterItWasHashedIsFound) {
    const auto package = find_package({folder()}, "memory", test_options());
    std::filesystem::resize_file(path("memory.so"), package->object_info.st_size + 1);
    EXPECT_FALSE(require_same_object(*package));
}

}  // namespace
}  // namespace evenkeel::plugin
