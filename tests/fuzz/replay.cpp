#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

// Stands in for libFuzzer where the compiler has none: runs the target on every file of a folder
// and on a few thousand fixed variations of each. Usage: X_replay FOLDER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int kVariations = 2000;

void run(const std::string& bytes) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

// Changes, drops or repeats a few bytes, always the same way for the same `random`.
std::string vary(std::string bytes, std::uint64_t& random) {
    const auto next = [&](std::size_t below) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::size_t>(random >> 33) % below;
    };
    for (std::size_t left = 1 + next(4); left > 0 && !bytes.empty(); --left) {
        const std::size_t at = next(bytes.size());
        switch (next(4)) {
            case 0:
                bytes[at] = static_cast<char>(next(256));
                break;
            case 1:
                bytes.erase(at, 1 + next(8));
                break;
            case 2:
                bytes.insert(at, bytes.substr(next(bytes.size()), 1 + next(16)));
                break;
            default:
                bytes[at] = "\r\n:% ?&/\0"[next(9)];
                break;
        }
    }
    return bytes;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    int files = 0;
    std::uint64_t random = 1;
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string seed{std::istreambuf_iterator<char>(file), {}};
        run(seed);
        for (int i = 0; i < kVariations; ++i) run(vary(seed, random));
        ++files;
    }
    std::printf("%d seeds, %d variations of each\n", files, kVariations);
    return files > 0 ? 0 : 1;
}
