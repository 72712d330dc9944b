// The audit log as a table that knows its length and holds few of its rows.
//
// Entries are numbered without gaps (each is the next leaf of the tree), so without a filter the
// row and the number of an entry give each other, and any page can be fetched by its key. With a
// filter nothing tells which entry stands in row N: rows are then appended page after page as the
// view comes to their end. Newest first in both cases.
#pragma once

#include "app/services/station.h"

#include <QAbstractTableModel>
#include <QCache>

namespace sealift {

class AuditModel final : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { Number, Time, Event, Subject, Detail, Outcome, ColumnCount };
  enum Role { SequenceRole = Qt::UserRole, ToneRole };

  static constexpr int kPageRows = 128;
  static constexpr int kCachedPages = 64;

  explicit AuditModel(const Station& station, QObject* parent = nullptr);

  void setFilter(const AuditFilter& filter);
  const AuditFilter& filter() const { return filter_; }
  // Entries were added: they become new rows at the top.
  void refresh();
  // All rows that match, loaded or not.
  qint64 total() const { return total_; }
  int rowOfSequence(qint64 sequence) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  bool canFetchMore(const QModelIndex& parent) const override;
  void fetchMore(const QModelIndex& parent) override;

 private:
  bool isDirect() const { return direct_; }
  void load();
  const AuditRow* rowAt(int row) const;
  const QList<AuditRow>* directPage(qint64 page) const;

  const Station& station_;
  AuditFilter filter_;
  qint64 total_ = 0;
  bool direct_ = true;
  qint64 newest_ = 0;                              // number of row 0, when direct
  mutable QCache<qint64, QList<AuditRow>> pages_;  // by (number - 1) / kPageRows, newest first
  QList<AuditRow> rows_;                           // when filtered
};

}  // namespace sealift
