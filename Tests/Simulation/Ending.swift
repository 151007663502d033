import BedrockCore

/// What must be true when nothing more happens.
enum Ending {
    static func check(_ world: World) {
        for call in world.calls { check(call, world.ledger) }
        world.ledger.require(world.network.isQuiet, "no transfer is left", "\(world.network.liveCount) transfers")
        world.ledger.require(
            world.shared.quotaLeft == world.ledger.quota, "the quota is exact",
            "\(world.shared.quotaLeft) in place of \(world.ledger.quota)")
    }

    private static func check(_ call: Call, _ ledger: Ledger) {
        guard let exchange = call.exchange else { return }
        let name = "call \(call.number)"
        ledger.require(
            call.watch.endCount == 1, "exactly one end", "\(name) has \(call.watch.endCount), \(exchange.state)")
        ledger.require(exchange.hasEnded, "every call ends", "\(name) is \(exchange.state)")
        ledger.require(call.watch.hasFinished, "every call finishes", name)
        ledger.require(exchange.deadline == nil, "no deadline after the end", name)
        ledger.require(
            !exchange.hasAction && exchange.nextAction(call.world.clock) == nil, "no action after the end", name)
        ledger.require(call.transfers.isEmpty, "no transfer is left", name)
        ledger.require(!exchange.hasLeftTable, "states change by the table", name)
    }
}
