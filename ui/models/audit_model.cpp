#include "ui/models/audit_model.h"

#include "ui/style/format.h"
#include "ui/style/typography.h"

#include <algorithm>
#include <limits>

namespace sealift {

namespace {

int clampRows(qint64 count) {
  return static_cast<int>(std::clamp<qint64>(count, 0, std::numeric_limits<int>::max()));
}

}  // namespace

AuditModel::AuditModel(const Station& station, QObject* parent)
    : QAbstractTableModel(parent), station_(station), pages_(kCachedPages) {
  load();
}

void AuditModel::setFilter(const AuditFilter& filter) {
  if (filter == filter_) {
    return;
  }
  beginResetModel();
  filter_ = filter;
  load();
  endResetModel();
}

void AuditModel::load() {
  pages_.clear();
  rows_.clear();
  total_ = station_.auditCount(filter_);
  const QList<AuditRow> first = station_.auditPage(filter_, 0, kPageRows);
  newest_ = first.isEmpty() ? 0 : first.constFirst().sequence;
  // A log with a gap (somebody deleted a row) is still shown, just not by direct access.
  direct_ = filter_.isEmpty() && newest_ == total_;
  if (!direct_) {
    rows_ = first;
  }
}

void AuditModel::refresh() {
  const qint64 total = station_.auditCount(filter_);
  if (isDirect()) {
    const qint64 added = total - total_;
    if (added <= 0) {
      if (added < 0) {
        beginResetModel();
        load();
        endResetModel();
      }
      return;
    }
    beginInsertRows({}, 0, clampRows(added) - 1);
    pages_.remove((newest_ - 1) / kPageRows);  // it may have been incomplete
    newest_ = total;
    total_ = total;
    endInsertRows();
    return;
  }
  const qint64 known = rows_.isEmpty() ? 0 : rows_.constFirst().sequence;
  QList<AuditRow> fresh = station_.auditPage(filter_, 0, kPageRows);
  if (!fresh.isEmpty() && fresh.constLast().sequence > known + 1 && known > 0 && fresh.size() == kPageRows) {
    beginResetModel();  // more than a page came at once
    load();
    endResetModel();
    return;
  }
  fresh.erase(std::remove_if(fresh.begin(), fresh.end(), [&](const AuditRow& row) { return row.sequence <= known; }),
              fresh.end());
  total_ = total;
  if (!fresh.isEmpty()) {
    beginInsertRows({}, 0, static_cast<int>(fresh.size()) - 1);
    rows_ = fresh + rows_;
    endInsertRows();
  }
}

int AuditModel::rowOfSequence(qint64 sequence) const {
  if (isDirect()) {
    return sequence >= 1 && sequence <= newest_ ? clampRows(newest_ - sequence) : -1;
  }
  const auto found =
      std::find_if(rows_.cbegin(), rows_.cend(), [&](const AuditRow& row) { return row.sequence == sequence; });
  return found == rows_.cend() ? -1 : static_cast<int>(found - rows_.cbegin());
}

int AuditModel::rowCount(const QModelIndex& parent) const {
  if (parent.isValid()) {
    return 0;
  }
  return isDirect() ? clampRows(total_) : static_cast<int>(rows_.size());
}

int AuditModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

bool AuditModel::canFetchMore(const QModelIndex& parent) const {
  return !parent.isValid() && !isDirect() && rows_.size() < total_;
}

void AuditModel::fetchMore(const QModelIndex& parent) {
  if (!canFetchMore(parent) || rows_.isEmpty()) {
    return;
  }
  const QList<AuditRow> next = station_.auditPage(filter_, rows_.constLast().sequence, kPageRows);
  if (next.isEmpty()) {
    total_ = rows_.size();
    return;
  }
  const int at = static_cast<int>(rows_.size());
  beginInsertRows({}, at, at + static_cast<int>(next.size()) - 1);
  rows_ += next;
  endInsertRows();
}

const QList<AuditRow>* AuditModel::directPage(qint64 page) const {
  if (const QList<AuditRow>* cached = pages_.object(page)) {
    return cached;
  }
  auto* rows = new QList<AuditRow>(station_.auditPage(filter_, (page + 1) * kPageRows + 1, kPageRows));
  pages_.insert(page, rows);
  return pages_.object(page);
}

const AuditRow* AuditModel::rowAt(int row) const {
  if (!isDirect()) {
    return row < rows_.size() ? &rows_.at(row) : nullptr;
  }
  const qint64 sequence = newest_ - row;
  const QList<AuditRow>* page = directPage((sequence - 1) / kPageRows);
  if (page == nullptr || page->isEmpty()) {
    return nullptr;
  }
  const qint64 offset = page->constFirst().sequence - sequence;
  return offset >= 0 && offset < page->size() ? &page->at(offset) : nullptr;
}

QVariant AuditModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
    return {};
  }
  if (role == Qt::FontRole) {
    const bool mono = index.column() == Number || index.column() == Event;
    return textFont(mono ? TextStyle::Mono : TextStyle::Body);
  }
  if (role != Qt::DisplayRole && role != SequenceRole && role != ToneRole && role != Qt::AccessibleTextRole) {
    return {};
  }
  const AuditRow* row = rowAt(index.row());
  if (row == nullptr) {
    return {};
  }
  if (role == SequenceRole) {
    return row->sequence;
  }
  if (role == ToneRole) {
    return static_cast<int>(row->outcome.tone);
  }
  switch (index.column()) {
    case Number:
      return QString::number(row->sequence);
    case Time:
      return formatLogTime(row->time);
    case Event:
      return row->event;
    case Subject:
      return row->subject;
    case Detail:
      return row->message;
    case Outcome:
      return row->outcome.text;
    default:
      return {};
  }
}

QVariant AuditModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) {
    return {};
  }
  if (role == Qt::TextAlignmentRole) {
    return QVariant::fromValue(Qt::AlignLeft | Qt::AlignVCenter);
  }
  if (role != Qt::DisplayRole) {
    return {};
  }
  switch (section) {
    case Number:
      return QStringLiteral("#");
    case Time:
      return tr("Time");
    case Event:
      return tr("Event");
    case Subject:
      return tr("Subject");
    case Detail:
      return tr("Detail");
    case Outcome:
      return tr("Outcome");
    default:
      return {};
  }
}

}  // namespace sealift
