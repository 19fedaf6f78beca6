package main

import (
	"context"

	"hailong/server/index"
	"hailong/server/phone"
)

// receiptData tells a receipt's holder what is held about it.
type receiptData struct{ x *index.Index }

func (r receiptData) Keeps(ctx context.Context) (comments, contacts int, err error) {
	return r.x.Keeps(ctx)
}

func (r receiptData) OfReceipt(ctx context.Context, hash [32]byte) (phone.Held, bool, error) {
	d, ok, err := r.x.ReceiptData(ctx, hash)
	if err != nil || !ok {
		return phone.Held{}, false, err
	}
	h := phone.Held{
		Dossier: d.Dossier, Desk: d.Desk, DeskEN: d.DeskEN, Unit: d.Unit, UnitEN: d.UnitEN, Field: d.Field, Procedure: d.Procedure,
		Officer: d.Officer, Received: d.Received, Due: d.Due, LastEvent: d.LastEvent, Receipts: d.Receipts,
		Comment: phone.Kept(d.Comment), Contact: phone.Kept(d.Contact), CommentDays: d.CommentDays, Reach: d.ReachDays,
	}
	for _, g := range d.Ratings {
		h.Ratings = append(h.Ratings, phone.Given(g))
	}
	return h, true, nil
}
