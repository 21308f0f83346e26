"""The functions that could have to do with a picture's way out, each with why it is none.

``functions.py`` picks them by what they take and return, and a new one fails a test until someone has looked
at it and written it down here. A name may end in ``.*`` where all of a module is of one kind. "By itself"
below means: with what it is given by its callers in this package; whoever holds an array in a Python process
can always write it to a file with another library, and no table changes that.
"""

from __future__ import annotations

Names = tuple[str, ...]

#: Reasons, and what they are the reason for; after the prefix ``rakkan.``.
REVIEWED: dict[str, Names] = {
    "the gate itself, or nothing but a call of it": (
        "assemble.release",
        "trust.placing.place",
        "trust.placing.place_folder",
        "trust.protection.protect",
        "studio.starter.evaluation.publish.write_sheet",
        "records.still",
    ),
    "encodes into memory; only the gate calls it (a test reads the callers off the syntax trees)": (
        "formats.encode.jpeg",
        "formats.encode.webp_file",
        "formats.png.encode",
    ),
    "seals what it is given, in memory; only the gate calls it (tested likewise)": (
        "trust.provenance.Provenance.seal",
        "trust.provenance.Provenance.protect",
    ),
    "keeps a file from outside, encrypted; what it returns are digests": (
        "trust.provenance.Provenance.keep",
    ),
    "draws: hands the array to its caller in the same process, which is no file": (
        "studio.create.draft",
        "studio.engines.checkpoint.decoding.decode",
        "studio.engines.checkpoint.engine.CheckpointEngine.sample",
        "studio.engines.checkpoint.process.EngineProcess.sample",
        "studio.engines.checkpoint.process.Apart.sample",
        "studio.engines.checkpoint.process.Apart.sample_batch",
        "studio.engines.checkpoint.worker.Draw.__call__",
        "studio.engines.checkpoint.worker.Drawing.sample",
        "studio.bring.Engine.sample",
        "studio.bring.Engine.sample_batch",
        "studio.engines.engine.Engine.sample",
        "studio.engines.fake_engine.FakeEngine.sample",
        "studio.engines.openvino_engine.OpenVinoEngine.sample",
        "studio.engines.torch.engine.TorchEngine.sample",
        "studio.engines.torch.engine.TorchEngine.sample_batch",
        "studio.engines.torch.engine.TorchEngine.sample_many",
        "studio.upscaling.waifu2x.enlarge",
        "formats.sheet.contact_sheet",
        "studio.characters.layout.laid_out",
        "studio.characters.sheet.draw",
        "studio.characters.styles.samples",
        "studio.starter.flow_training.samples",
        "studio.starter.grids.grid_of",
    ),
    "numbers inside a model, not yet pixels, for its caller in the same process": (
        "studio.engines.openvino_engine.OpenVinoEngine.encode_picture",
        "studio.diffusion.initial_noise.initial_noise",
        "studio.diffusion.initial_noise.turned",
        "studio.engines.torch.engine.TorchEngine.denoiser",
        "studio.engines.torch.engine.TorchEngine.latents",
        "studio.engines.torch.guidance.guided",
        "studio.engines.torch.ip_adapter.IpAdapter.__call__",
        "studio.engines.torch.ip_adapter.prepared",
        "studio.engines.torch.reference.Reference.__call__",
        "studio.samplers.euler",
        "studio.samplers.heun",
        "studio.starter.autoencoder_training.autoencoder_loss",
        "studio.starter.autoencoder_training.cropped",
        "studio.starter.autoencoder_training.detail_weight",
        "studio.starter.autoencoder_training.pixel_effects",
        "studio.starter.distillation.two_half_steps",
        "studio.starter.evaluation.classifier.AttributeClassifier.features",
        "studio.starter.evaluation.classifier.AttributeClassifier.forward",
        "studio.starter.flow_training.flow_loss",
        "studio.starter.autoencoder.*",
        "studio.starter.networks.*",
        "studio.starter.reference_training.reference_samples",
        "studio.starter.reference_training.remembered",
        "studio.starter.stocks.encode_renders",
        "studio.starter.sampling.draw_latents",
        "studio.starter.sampling.velocity",
    ),
    "draws by a renderer of vectors, which has learnt from nobody and can draw nothing but its figures": (
        "corpus.figures.drawing.label_map",
        "corpus.figures.drawing.regions",
        "corpus.figures.drawing.render",
        "corpus.figures.raster.rasterise",
        "studio.starter.renders.RenderQueue.take",
        "studio.starter.renders.render_figure",
    ),
    "holds renders for training (of that renderer alone: a test reads it off the syntax trees)": (
        "studio.starter.data.Stock.__init__",
        "studio.starter.data.Stock.put",
        "studio.starter.data.Stock.take",
        "studio.starter.data.Supply.__init__",
        "studio.starter.data.to_pictures",
        "studio.starter.evaluation.classifier.softened",
    ),
    "makes views of a picture for the networks that judge it; only scores come of them": (
        "features.content.resize.covered",
        "features.content.scores.Scorer.begin",
        "features.content.scores.Scorer.scores",
        "features.drawing.views.hidden",
        "features.drawing.views.shown",
        "trust.safety.pictures.renditions",
    ),
    "reads a file that came from outside, for the inspectors": (
        "formats.inspect.inspect_picture",
        "formats.inspect.pixels",
        "trust.arrivals.parse",
        "trust.arrivals.picture_bytes",
        "trust.arrivals.seal_state",
        "trust.instance.read_root",
        "casting.Casting.pictures",
        "studio.characters.file.read",
        "studio.characters.pictures.Pictures.let_in",
        "trust.protection.works",
    ),
    "fits a picture that the gate has let in to a network, for its caller in the same process": (
        "studio.references.fitted",
        "studio.references.fitted_control",
        "studio.references.fitted_prompt",
        "studio.references.fitted_reference",
        "studio.references.over_white",
    ),
    "measures pictures: shares, distances and names of colours come out, no pixels": (
        "studio.starter.evaluation.adherence.held_out_adherence",
        "studio.starter.evaluation.classifier.predict",
        "studio.starter.evaluation.colours.read_colour",
        "studio.starter.evaluation.neighbours.neighbours",
        "studio.starter.evaluation.protocol.distance",
        "studio.characters.sheet.colours_of",
        "studio.starter.evaluation.protocol.measure",
        "trust.provenance.digests_of",
        "trust.provenance.pixel_digest",
    ),
    "keeps a model's bare pictures between two runs of a measurement, encrypted in the vault": (
        "studio.starter.evaluation.protocol.drawn",
    ),
    "writes text or figures in words, none of them of pixels": (
        "cli.figures.survey",
        "cli.identity.identity",
        "store.ledger.witness.Witness.__init__",
        "store.ledger.witness.watch",
        "studio.metadata.parameters_text",
        "studio.starter.evaluation.publish.card_text",
        "studio.starter.evaluation.publish.run",
        "studio.starter.evaluation.publish.training",
        "studio.starter.evaluation.publish.write_card",
        "studio.starter.loop.Journal.__init__",
        "studio.starter.loop.train",
        "trust.protection.publish",
    ),
    "a command, which the attempts run": ("cli.figures.sheet",),
    "gives an account a model of its own back, by the gate, which lets no picture pass for one": (
        "models.registry.Registry.__init__",
        "models.registry.Registry.export",
    ),
    "writes into memory that has no name on any disk": ("studio.engines.checkpoint.graphs.append",),
    "opens an empty file to lock a device, and writes nothing into it": (
        "studio.engines.checkpoint.process.EngineProcess.__init__",
    ),
    "writes or reads weights": (
        "studio.engines.torch.loading.tensor",
        "studio.engines.torch.changes.Change.of",
        "studio.starter.checkpoints.has_checkpoint",
        "studio.starter.checkpoints.install",
        "studio.starter.checkpoints.load_checkpoint",
        "studio.starter.checkpoints.save_checkpoint",
        "studio.starter.evaluation.classifier.facts_of",
        "studio.starter.evaluation.classifier.load",
        "studio.starter.evaluation.classifier.save",
        "studio.starter.evaluation.protocol.obtain_classifier",
    ),
    "reads the files of a model; its module opens them to read": (
        "formats.checkpoints.files.SafetensorsFile.__init__",
        "formats.checkpoints.files.claims_of",
        "formats.checkpoints.files.of_files",
        "formats.checkpoints.files.opened",
        "formats.checkpoints.files.refuse_pickle",
        "formats.checkpoints.files.weights_of",
        "models.looking.look",
        "models.modelspec.with_metadata",
        "models.registry.Registry.add",
    ),
    "writes model files that come from a server, for the gate to let in; none is made of pixels": (
        "models.download.discard",
        "models.download.fetch",
        "models.getting.got",
    ),
    "the disk under vault and ledger: bytes that its callers have encrypted or hashed": (
        "store.disk.Disk.*",
        "store.folder.FolderStorage.__init__",
        "store.keys.KeyFile.__init__",
        "store.ledger.ledger.Ledger.__init__",
    ),
}

#: What makes an unsealed file of an array in memory; nothing else may, however it is called.
ENCODERS = {"formats.encode.jpeg", "formats.encode.webp_file", "formats.png.encode"}

#: Who may import what encodes, seals and places; all others must go through the gate.
IMPORTERS: dict[str, set[str]] = {
    "rakkan.formats.encode": {"trust/gate.py"},
    "rakkan.formats.png.encode": set(),  # the gate calls it by its module
    "rakkan.trust.placing": {"trust/gate.py"},
    "rakkan.trust.seal.sign.seal": {"trust/provenance.py"},
}

#: Methods that the gate is handed, which it alone may call; below ``trust`` the words mean something else.
HANDED = ("seal", "keep", "endorse")
