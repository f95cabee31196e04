#include <algorithm>

#include "membership_core.h"

namespace flotilla::cluster {

namespace {

constexpr Duration kSettingLimit = std::chrono::seconds(2);
constexpr Duration kOwnSettingLimit = std::chrono::seconds(5);
constexpr Duration kResendEvery = std::chrono::milliseconds(200);
constexpr std::size_t kSettingsMax = 1024;
constexpr std::size_t kFinishedMax = 4096;
constexpr Duration kDifferFor = std::chrono::seconds(1);

}  // namespace

std::int64_t Membership::Core::clock_offset_ms() const {
  if (!in_view) return 0;
  if (is_leader()) return view->clock_offset_ms;
  const Known* leader = find(view->leader);
  return view->clock_offset_ms + (leader == nullptr ? 0 : leader->skew_ms);
}

std::uint64_t Membership::Core::cluster_ms() const {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, static_cast<std::int64_t>(wall_.ms) + clock_offset_ms()));
}

/// What stamps are made of does not go back when a member whose clock is ahead leaves the view: it
/// may have made some that nobody has seen yet.
std::uint64_t Membership::Core::stamp_ms() const {
  const std::int64_t runs_on = now_.since_start / std::chrono::milliseconds(1) + stamps_ahead_;
  return std::max({cluster_ms(), static_cast<std::uint64_t>(std::max<std::int64_t>(0, runs_on))});
}

void Membership::Core::note_cluster_time() {
  if (!in_view) return;
  stamps_ahead_ = std::max(stamps_ahead_, static_cast<std::int64_t>(cluster_ms()) -
                                              now_.since_start / std::chrono::milliseconds(1));
}

// --- At the node that was asked.

void Membership::Core::on(const SetMetadata& event) {
  if (event.module.size() > Metadata::kKeyMax || event.key.size() > Metadata::kKeyMax ||
      (event.value && event.value->size() > Metadata::kValueMax) ||
      own_settings_.size() >= kSettingsMax)
    return act(MetadataDone{event.id, MetadataDone::Outcome::InDoubt});
  message::SetItem set{event.id, event.value_is_cutoff, {event.module, event.key, event.value, {}}};
  own_settings_[event.id] = {std::move(set), now_, now_};
}

void Membership::Core::on_message(const Process&, const message::ItemDone& done) {
  if (own_settings_.erase(done.id) == 0) return;
  act(MetadataDone{done.id, done.everywhere ? MetadataDone::Outcome::Everywhere
                                            : MetadataDone::Outcome::InDoubt});
}

void Membership::Core::items_tick() {
  for (auto it = own_settings_.begin(); it != own_settings_.end();) {
    auto& [id, own] = *it;
    if (now_ - own.started > kOwnSettingLimit) {
      act(MetadataDone{id, MetadataDone::Outcome::InDoubt});
      it = own_settings_.erase(it);
      continue;
    }
    if (in_view && now_ >= own.resend) {
      own.resend = now_ + kResendEvery;
      if (is_leader())
        on_message(self.process, own.what);
      else
        send(view->leader, own.what);
    }
    ++it;
  }
  if (stored_ && stored_->persists <= persisted_) {
    send(stored_->leader, message::ItemsStored{stored_->id});
    stored_.reset();
  }
  if (!is_leader()) return settings_.clear();
  if (settings_.empty()) return;
  Setting& setting = settings_.front();
  std::erase_if(setting.missing, [&](const Process& p) { return view->member(p) == nullptr; });
  if (setting.id == 0) return start_setting();
  if (setting.missing.empty()) {
    if (!setting.asking_clocks) {
      if (setting.persists <= persisted_) return finish_setting(true);
    } else if (!promised_away()) {
      return spread_setting();
    }
  }
  if (now_ - setting.started > kSettingLimit) {
    FLOTILLA_MARK("an item is not stored everywhere");
    return finish_setting(false);
  }
  if (now_ >= setting.resend) ask_missing();
}

// --- At the leader: one at a time.

/// To another leader, which was told what there is.
bool Membership::Core::promised_away() const {
  return promised_ != view->epoch && promised_to_ != self.process;
}

void Membership::Core::on_message(const Process& from, const message::SetItem& set) {
  if (!is_leader() || view->member(from) == nullptr || settings_.size() >= kSettingsMax) return;
  if (holding_clients_) {  // Another may lead by now, and have done it long ago.
    FLOTILLA_MARK("a change of metadata waits after a pause");
    return;
  }
  for (const Setting& each : settings_)
    if (each.origin == from && each.what.id == set.id) return;
  // A late copy would undo what was set since; and the answer to the first may have been lost.
  const auto done = std::ranges::find_if(
      finished_, [&](const Finished& each) { return each.origin == from && each.id == set.id; });
  if (done != finished_.end()) {
    FLOTILLA_MARK("a change of metadata comes again");
    return void(send(from, message::ItemDone{set.id, done->everywhere}));
  }
  settings_.push_back({set, from, {}, 0, false, now_, now_, 0});
  if (settings_.size() == 1) start_setting();
}

void Membership::Core::start_setting() {
  if (promised_away()) return;
  Setting& setting = settings_.front();
  setting.id = next_setting_++;
  setting.started = now_;
  if (!setting.what.cutoff) return spread_setting();
  setting.asking_clocks = true;
  setting.cutoff = std::max(cluster_ms(), copies_.last_update_ms());
  for (const NodeInfo& member : view->members)
    if (member.process != self.process) setting.missing.insert(member.process);
  ask_missing();
}

void Membership::Core::spread_setting() {
  Setting& setting = settings_.front();
  if (std::exchange(setting.asking_clocks, false)) {
    setting.cutoff = std::max({setting.cutoff, cluster_ms(), HybridClock::ms(clock_.last())}) + 1;
    Buffer value;
    append_be(value, setting.cutoff);
    setting.what.item.value = std::move(value);
  }
  setting.what.item = items.stamped(setting.what.item, self.process.boot, stamp_ms(), clock_);
  take_items({setting.what.item});
  setting.persists = persists_;
  for (const NodeInfo& member : view->members)
    if (member.process != self.process) setting.missing.insert(member.process);
  ask_missing();
}

void Membership::Core::ask_missing() {
  Setting& setting = settings_.front();
  setting.resend = now_ + kResendEvery;
  for (const Process& process : setting.missing) {
    if (setting.asking_clocks)
      send(process, message::ClockAsk{setting.id});
    else
      send(process, message::Items{setting.id, {setting.what.item}});
  }
}

void Membership::Core::finish_setting(bool everywhere) {
  const Setting setting = std::move(settings_.front());
  settings_.pop_front();
  finished_.push_back({setting.origin, setting.what.id, everywhere});
  if (finished_.size() > kFinishedMax) finished_.pop_front();
  const message::ItemDone done{setting.what.id, everywhere};
  if (setting.origin == self.process)
    on_message(self.process, done);
  else
    send(setting.origin, done);
}

void Membership::Core::on_message(const Process& from, const message::ItemsStored& stored) {
  if (!is_leader() || settings_.empty()) return;
  Setting& setting = settings_.front();
  if (setting.id == stored.id && !setting.asking_clocks) setting.missing.erase(from);
}

void Membership::Core::on_message(const Process& from, const message::ClockAnswer& answer) {
  if (!is_leader() || settings_.empty()) return;
  Setting& setting = settings_.front();
  if (setting.id != answer.id || !setting.asking_clocks) return;
  setting.cutoff = std::max(setting.cutoff, answer.ms);
  setting.missing.erase(from);
}

/// What was not stored everywhere in time goes on spreading, both ways.
void Membership::Core::compare_items(const Process& member, Known& known) {
  if (known.beat.metadata == items.digest() || !settings_.empty()) known.items_differ_since = now_;
  if (now_ - known.items_differ_since < kDifferFor) return;
  FLOTILLA_MARK("a member has other items than its leader");
  known.items_differ_since = now_;
  send(member, message::Items{0, items.items()});
}

// --- At a member.

void Membership::Core::on_message(const Process& from, const message::Items& list) {
  // What comes after the promise would be known here only: the next view is made of what it told.
  if (!in_view) return;
  if (promised_ > view->epoch)
    return void(send(from, message::Refuse{message::Refuse::Reason::Promised, view->epoch,
                                           promised_, view->leader}));
  if (is_leader() && list.id == 0 && view->member(from) != nullptr) return take_items(list.items);
  if (is_leader() || from != view->leader) return;
  take_items(list.items);
  if (list.id != 0) {  // The leader sets one after the other.
    stored_ = {from, list.id, persists_};
    return;
  }
  if (const std::vector<Item> mine = items.items(); mine != list.items)
    send(from, message::Items{0, mine});
}

void Membership::Core::on_message(const Process& from, const message::ClockAsk& ask) {
  if (!in_view || from != view->leader) return;
  send(from, message::ClockAnswer{ask.id, std::max({cluster_ms(), copies_.last_update_ms(),
                                                    HybridClock::ms(clock_.last())})});
}

}  // namespace flotilla::cluster
