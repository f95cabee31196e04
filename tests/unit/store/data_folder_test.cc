#include "store/data_folder.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "store/metadata.h"

namespace flotilla::store {
namespace {

/// A folder in memory.
class MemoryFolder : public Folder {
 public:
  Result<std::vector<std::string>> list(std::string_view) override {
    return std::vector<std::string>{};
  }
  Result<void> make(std::string_view) override { return {}; }
  Result<Buffer> read(std::string_view name, std::size_t) override {
    const auto it = files.find(name);
    if (it == files.end()) return fail(Code::NotFound, "file");
    return it->second;
  }
  Result<void> replace(std::string_view name, Bytes contents) override {
    files[std::string(name)] = Buffer(contents.begin(), contents.end());
    return {};
  }
  Result<std::unique_ptr<FolderLock>> lock(std::string_view name) override {
    if (!locked.insert(std::string(name)).second) return fail(Code::KeyBusy, "lock");
    return std::make_unique<Held>(*this, std::string(name));
  }

  std::map<std::string, Buffer, std::less<>> files;
  std::set<std::string> locked;

 private:
  struct Held : FolderLock {
    Held(MemoryFolder& of, std::string name) : folder(of), what(std::move(name)) {}
    ~Held() override { folder.locked.erase(what); }
    MemoryFolder& folder;
    std::string what;
  };
};

Identity identity(std::uint8_t n) {
  Identity out;
  out.uuid.fill(std::byte{n});
  out.node = wire::NodeId(0xBB9'0000'0000'0000ULL + n);
  return out;
}

TEST(DataFolder, AReturningNodeFindsItsIdentity) {
  MemoryFolder folder;
  {
    ASSERT_EQ(DataFolder::take(folder, identity(1))->identity(), identity(1));
  }
  EXPECT_EQ(DataFolder::take(folder, identity(2))->identity(), identity(1));
}

TEST(DataFolder, NodesThatShareAFolderGetSlotsOfTheirOwn) {
  MemoryFolder folder;
  auto first = DataFolder::take(folder, identity(1));
  auto second = DataFolder::take(folder, identity(2));
  EXPECT_EQ(first->slot(), "slot-0");
  EXPECT_EQ(second->slot(), "slot-1");
  EXPECT_EQ(second->identity(), identity(2));
}

TEST(DataFolder, ADamagedIdentityIsRefusedAtEveryByte) {
  MemoryFolder folder;
  {
    ASSERT_TRUE(DataFolder::take(folder, identity(1)));
  }
  const Buffer good = folder.files["slot-0/identity"];
  for (std::size_t i = 0; i < good.size(); ++i) {
    Buffer bad = good;
    bad[i] ^= std::byte{0x04};
    folder.files["slot-0/identity"] = bad;
    EXPECT_FALSE(DataFolder::take(folder, identity(2))) << "byte " << i;
  }
}

TEST(Metadata, RoundTripsAnyBytes) {
  MemoryFolder folder;
  const Metadata facts{{std::string("truncate\0ns", 11), "17"}, {"", ""}, {"a b\n", "\xff\n "}};
  ASSERT_TRUE(save_metadata(folder, "metadata", facts));
  EXPECT_EQ(*load_metadata(folder, "metadata"), facts);
  EXPECT_TRUE(load_metadata(folder, "other")->empty());
}

TEST(Metadata, DamageIsSeenAtEveryByte) {
  MemoryFolder folder;
  ASSERT_TRUE(save_metadata(folder, "metadata", {{"key", "value"}}));
  const Buffer good = folder.files["metadata"];
  for (std::size_t i = 0; i + 1 < good.size(); ++i) {
    folder.files["metadata"][i] ^= std::byte{0x04};
    EXPECT_FALSE(load_metadata(folder, "metadata")) << "byte " << i;
    folder.files["metadata"] = good;
  }
}

}  // namespace
}  // namespace flotilla::store
